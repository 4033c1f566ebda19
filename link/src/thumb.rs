// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thumb instructions that mask interrupts, and Thumb instructions that use stack.
//!
//! A critical section on a Cortex-M masks interrupts. Without privileges the instructions for this do nothing, and do
//! not fault either. So a critical section in a process would have no effect.

use object::{File, Object, ObjectSymbol, SectionIndex};
use std::collections::HashMap;

/// The start of code in a section, or of data between code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    offset: usize,
    is_code: bool,
}

impl Mark {
    /// Returns the mark of code from an offset on.
    #[cfg(test)]
    pub fn code(offset: usize) -> Self {
        Self { offset, is_code: true }
    }

    /// Returns the mark of data from an offset on.
    #[cfg(test)]
    pub fn data(offset: usize) -> Self {
        Self { offset, is_code: false }
    }
}

/// Returns the marks in the sections of an object. They are the symbols `$t` or `$x`, and `$d`.
pub fn marks(object: &File) -> HashMap<SectionIndex, Vec<Mark>> {
    let mut marks: HashMap<_, Vec<_>> = HashMap::new();
    for symbol in object.symbols() {
        let (Some(section), Ok(name)) = (symbol.section_index(), symbol.name()) else { continue };
        if name.starts_with('$') {
            let is_code = name.starts_with("$t") || name.starts_with("$x");
            let mark = Mark { offset: symbol.address() as usize, is_code };
            marks.entry(section).or_default().push(mark);
        }
    }
    marks.values_mut().for_each(|marks| marks.sort_unstable());
    marks
}

/// Returns the parts of a section with these marks that are code, each with its offset.
pub fn runs<'a>(code: &'a [u8], marks: &'a [Mark]) -> impl Iterator<Item = (usize, &'a [u8])> {
    let ends = marks.iter().skip(1).map(|mark| mark.offset).chain([code.len()]);
    let runs = marks.iter().zip(ends).filter(|(mark, _)| mark.is_code);
    runs.map(|(mark, end)| (mark.offset, code.get(mark.offset..end).unwrap_or_default()))
}

/// An instruction.
#[derive(Clone, Copy)]
struct Instruction {
    /// Its place in the section.
    offset: usize,
    first: u16,
    /// The second half of a long instruction, otherwise 0.
    second: u16,
}

/// Returns the instructions of a section with these marks.
fn instructions(code: &[u8], marks: &[Mark]) -> Vec<Instruction> {
    let mut found = Vec::new();
    for (mut offset, code) in runs(code, marks) {
        let mut halves = code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        while let Some(first) = halves.next() {
            // Longer instructions start with 0b11101, 0b11110 or 0b11111.
            let is_long = first >= 0xe800;
            let second = if is_long { halves.next().unwrap_or_default() } else { 0 };
            found.push(Instruction { offset, first, second });
            offset += if is_long { 4 } else { 2 };
        }
    }
    found
}

/// The effect of a section of code on interrupts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masking {
    /// True if the code masks interrupts (`cpsid`).
    pub is_done: bool,
    /// True if the code reads if interrupts are masked (`mrs rX, primask`), so that it can restore this state.
    pub is_undone: bool,
}

impl Masking {
    /// Analyses the code of a section with these marks.
    pub fn of(code: &[u8], marks: &[Mark]) -> Self {
        let mut found = Self::default();
        for Instruction { first, second, .. } in instructions(code, marks) {
            match (first, second) {
                // cpsid i, f or both
                (0xb671..=0xb673, _) => found.is_done = true,
                // the same in its long form
                (0xf3af, _) if second & 0xff00 == 0x8600 => found.is_done = true,
                // mrs rX, primask
                (0xf3ef, _) if second & 0xf0ff == 0x8010 => found.is_undone = true,
                _ => {}
            }
        }
        found
    }
}

/// The stack that a section of code uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The sum of the bytes that all its instructions push, as if each were executed.
    pub size: u64,
    /// True if it also subtracts from the stack pointer what is not known before it runs.
    pub is_dynamic: bool,
    /// True if it calls code in the same section, and so itself. (Calls of other sections have no target before the
    /// linker fills it in.)
    pub calls_itself: bool,
    /// True if it calls code, or jumps to code, whose address is in a register.
    pub calls_pointers: bool,
    /// True if it calls methods of services: it has a system call that may be such a call.
    pub calls_services: bool,
    /// True if it has an instruction of the floating point unit.
    pub uses_floats: bool,
}

/// A call whose target the linker will fill in.
const UNLINKED_CALL: (u16, u16) = (0xf7ff, 0xfffe);

impl Frame {
    /// Analyses the code of a section with these marks.
    pub fn of(code: &[u8], marks: &[Mark]) -> Self {
        let mut frame = Self::default();
        let mut loaded = None;
        let instructions = instructions(code, marks);
        for (index, &instruction) in instructions.iter().enumerate() {
            let Instruction { first, second, .. } = instruction;
            frame.calls_pointers |= is_call_of_pointer(first, second);
            frame.uses_floats |= is_of_floats(first, second);
            // svc
            frame.calls_services |= first >> 8 == 0xdf && !has_number(&instructions[..index]);
            let before = loaded.take();
            loaded = Loaded::by(instruction, before, code);
            let [low, long] = [first, second].map(u64::from);
            frame.size += match (first, second) {
                // push {...}
                (0xb400..=0xb5ff, _) => 4 * u64::from((first & 0x1ff).count_ones()),
                // sub sp, #
                (0xb080..=0xb0ff, _) => 4 * (low & 0x7f),
                // push.w {...}, which is stmdb sp!, {...}
                (0xe92d, _) => 4 * u64::from(second.count_ones()),
                // vpush {...}
                (0xed2d | 0xed6d, _) => 4 * (long & 0xff),
                // str rX, [sp, #-]!
                (0xf84d, _) if second & 0x0f00 == 0x0d00 => long & 0xff,
                // strd rX, rY, [sp, #-]!
                (0xe96d, _) => 4 * (long & 0xff),
                // sub.w sp, sp, # with a shifted immediate, and with a plain immediate
                (0xf1ad | 0xf5ad, _) if second & 0x8f00 == 0x0d00 => expanded(immediate(low, long)),
                (0xf2ad | 0xf6ad, _) if second & 0x8f00 == 0x0d00 => immediate(low, long),
                // bl
                (0xf000..=0xf7ff, _) if second & 0xd000 == 0xd000 => {
                    frame.calls_itself |= (first, second) != UNLINKED_CALL;
                    0
                }
                // add sp, rX, which is how Thumb-1 subtracts large numbers
                (0x4485..=0x44fd, _) if first & 0x87 == 0x85 => {
                    let added = before.filter(|it| it.register == first >> 3 & 15);
                    frame.is_dynamic |= added.is_none();
                    added.map_or(0, |it| u64::from((it.value as i32).min(0).unsigned_abs()))
                }
                // sub.w sp, sp, rX
                (0xebad, _) if second & 0x0f00 == 0x0d00 => {
                    frame.is_dynamic = true;
                    0
                }
                _ => 0,
            };
        }
        frame
    }
}

/// Returns whether an instruction calls the code at an address in a register, or jumps there: `blx rX`, `bx rX` except
/// `bx lr`, and `ldr pc, [rX, #]`, which is not how functions return.
fn is_call_of_pointer(first: u16, second: u16) -> bool {
    const BX_LR: u16 = 0x4770;
    let loads_pc = first & 0xff70 == 0xf850 && second >> 12 == 15 && first & 15 != 13;
    first & 0xff87 == 0x4780 || (first & 0xff87 == 0x4700 && first != BX_LR) || loads_pc
}

/// Returns whether an instruction is one of the floating point unit, which is coprocessors 10 and 11 (ARM DDI 0403E, A6).
fn is_of_floats(first: u16, second: u16) -> bool {
    matches!(first >> 8, 0xec..=0xee | 0xfc..=0xfe) && matches!(second >> 8 & 15, 10 | 11)
}

/// Returns whether the instructions before a system call set its selector, in r12, to a number that is not a gate: the
/// complement of a small number.
fn has_number(before: &[Instruction]) -> bool {
    const SELECTOR: u16 = 12;
    let mut register = SELECTOR;
    for Instruction { first, second, .. } in before.iter().rev() {
        match (*first, *second) {
            // mvn rX, #
            (0xf06f, _) if second >> 8 & 15 == register => return true,
            // mvns rX, rY
            (0x43c0..=0x43ff, _) if first & 7 == register => return true,
            // mov rX, rY
            (0x4600..=0x46ff, _) if (first >> 4 & 8 | first & 7) == register => {
                register = first >> 3 & 15;
            }
            // other long computations, and long loads, whose result goes to the register
            (0xea00..=0xf7ff, _) if second & 0x8000 == 0 && second >> 8 & 15 == register => {
                return false;
            }
            (0xf800..=0xf9ff, _) if first & 0x10 != 0 && second >> 12 == register => return false,
            // A called function may change r12.
            (0xf000..=0xf7ff, _) if second & 0xd000 == 0xd000 => return false,
            _ => {}
        }
    }
    false
}

/// A register with a value that the last instruction, or the last two, have loaded from the code.
#[derive(Clone, Copy)]
struct Loaded {
    register: u16,
    value: u32,
}

impl Loaded {
    /// Returns what an instruction of a section loads. `before` is what has been loaded just before.
    fn by(instruction: Instruction, before: Option<Loaded>, section: &[u8]) -> Option<Loaded> {
        let Instruction { offset, first, second } = instruction;
        let [low, long] = [first, second].map(u64::from);
        let half = (low & 15) << 12 | immediate(low, long);
        match first & 0xfbf0 {
            // ldr rX, [pc, #]
            _ if first >> 11 == 0b01001 => {
                let place = ((offset + 4) & !3) + 4 * usize::from(first & 0xff);
                let word = section.get(place..)?.first_chunk()?;
                Some(Loaded { register: first >> 8 & 7, value: u32::from_le_bytes(*word) })
            }
            // movw rX, # and movt rX, #
            0xf240 => Some(Loaded { register: second >> 8 & 15, value: half as u32 }),
            0xf2c0 => {
                let before = before.filter(|it| it.register == second >> 8 & 15)?;
                Some(Loaded { value: before.value & 0xffff | (half as u32) << 16, ..before })
            }
            _ => None,
        }
    }
}

/// Returns the twelve bits of an immediate (ARM DDI 0403E, A5.3).
fn immediate(first: u64, second: u64) -> u64 {
    (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xff
}

/// Returns the value of the twelve bits of an immediate (ARM DDI 0403E, A5.3.2).
fn expanded(immediate: u64) -> u64 {
    let byte = immediate & 0xff;
    match immediate >> 8 {
        0 => byte,
        1 => byte * 0x0001_0001,
        2 => byte * 0x0100_0100,
        3 => byte * 0x0101_0101,
        _ => u64::from((byte as u32 & 0x7f | 0x80).rotate_right((immediate >> 7) as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(halves: &[u16]) -> (bool, bool) {
        let code: Vec<_> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let masking = Masking::of(&code, &[Mark { offset: 0, is_code: true }]);
        (masking.is_done, masking.is_undone)
    }

    fn frame(halves: &[u16]) -> Frame {
        let code: Vec<_> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        Frame::of(&code, &[Mark { offset: 0, is_code: true }])
    }

    /// The instructions were checked with `llvm-mc --disassemble`.
    #[test]
    fn frames_are_added_up() {
        let size = |halves: &[u16]| frame(halves).size;
        assert_eq!(size(&[0xb5f0, 0xb082]), 20 + 8, "push {{r4-r7, lr}}; sub sp, #8");
        assert_eq!(size(&[0xe92d, 0x4ff0]), 36, "push.w {{r4-r11, lr}}");
        assert_eq!(size(&[0xf84d, 0xbd04]), 4, "str r11, [sp, #-4]!");
        assert_eq!(size(&[0xf5ad, 0x7d80]), 256, "sub.w sp, sp, #256");
        assert_eq!(size(&[0xf5ad, 0x5d80]), 4096, "sub.w sp, sp, #4096");
        assert_eq!(size(&[0xf2ad, 0x4d04]), 1028, "subw sp, sp, #1028");
        assert_eq!(size(&[0xed2d, 0x8b04]), 16, "vpush {{d8, d9}}");
        assert_eq!(size(&[0xb002, 0xbdf0, 0x4770]), 0, "add sp, #8; pop {{r4-r7, pc}}; bx lr");
        assert!(frame(&[0xebad, 0x0d04]).is_dynamic, "sub.w sp, sp, r4");
        let movw_movt = [0xf64f, 0x5600, 0xf6cf, 0x76ff, 0x44b5];
        assert_eq!(size(&movw_movt), 768, "movw r6, #0xfd00; movt r6, #0xffff; add sp, r6");
        let plain = [0xf240, 0x2600, 0x44b5];
        assert_eq!(frame(&plain), Frame::default(), "movw r6, #0x200; add sp, r6");
        assert!(frame(&[0xf240, 0x2600, 0x44bd]).is_dynamic, "movw r6, #0x200; add sp, r7");
        assert!(frame(&[0xf240, 0x2600, 0xbf00, 0x44b5]).is_dynamic, "nop; add sp, r6");
        assert!(frame(&[0xf7ff, 0xfff0]).calls_itself, "bl back");
        assert_eq!(frame(&[0xf7ff, 0xfffe]), Frame::default(), "bl of another");
    }

    #[test]
    fn calls_of_pointers_are_told_from_returns() {
        let calls = |halves: &[u16]| frame(halves).calls_pointers;
        assert!(calls(&[0x4798]), "blx r3");
        assert!(calls(&[0x4700]), "bx r0");
        assert!(calls(&[0xf8d0, 0xf000]), "ldr pc, [r0]");
        assert!(!calls(&[0x4770]), "bx lr");
        assert!(!calls(&[0xf85d, 0xfb04]), "pop {{pc}}");
        assert!(!calls(&[0xf7ff, 0xfffe]), "bl");
        assert!(!calls(&[0xe8df, 0xf000]), "tbb [pc, r0]");
    }

    #[test]
    fn floats_are_seen() {
        let uses = |halves: &[u16]| frame(halves).uses_floats;
        assert!(uses(&[0xee30, 0x0a20]), "vadd.f32 s0, s0, s1");
        assert!(uses(&[0xed2d, 0x8b04]), "vpush {{d8, d9}}");
        assert!(uses(&[0xfe80, 0x0a00]), "vmaxnm.f32 s0, s0, s0");
        assert!(uses(&[0xeef1, 0xfa10]), "vmrs apsr_nzcv, fpscr");
        assert!(!uses(&[0xee11, 0x0f10]), "mrc p15, 0, r0, c1, c0, 0");
        assert!(!uses(&[0xe8bd, 0x8af0]), "pop.w {{r4-r7, r9, r11, pc}}");
    }

    #[test]
    fn calls_of_services_are_told_from_system_calls() {
        let calls = |halves: &[u16]| frame(halves).calls_services;
        assert!(!calls(&[0xf06f, 0x0c07, 0xdf00]), "mvn r12, #7; svc 0");
        assert!(
            !calls(&[0xf06f, 0x0c07, 0x4601, 0xf8d0, 0x1000, 0xdf00]),
            "mov r1, r0; ldr.w r1, [r0]"
        );
        assert!(!calls(&[0x43c0, 0x4684, 0xdf00]), "mvns r0, r0; mov r12, r0; svc 0");
        assert!(calls(&[0xdf00]), "the selector was set elsewhere");
        assert!(calls(&[0xf04f, 0x0c07, 0xdf00]), "mov.w r12, #7; svc 0");
        assert!(calls(&[0xf06f, 0x0c07, 0xf240, 0x1c00, 0xdf00]), "movw r12, #0x100");
        assert!(calls(&[0xf06f, 0x0c07, 0xf8d0, 0xc000, 0xdf00]), "ldr.w r12, [r0]");
        assert!(calls(&[0xf06f, 0x0c07, 0xf7ff, 0xfffe, 0xdf00]), "bl");
        assert!(!calls(&[0xf06f, 0x0c07]), "no system call");
    }

    /// The code of Thumb-1 loads large numbers from behind itself.
    #[test]
    fn large_frames_are_read_from_the_code() {
        let marks = [Mark { offset: 0, is_code: true }, Mark { offset: 8, is_code: false }];
        let of = |number: i32| {
            // push {{r7, lr}}; ldr r6, [pc, #4]; add sp, r6; bx lr
            let code = [0xb580_u16, 0x4e01, 0x44b5, 0x4770].map(u16::to_le_bytes).concat();
            Frame::of(&[code, number.to_le_bytes().to_vec()].concat(), &marks)
        };
        assert_eq!(of(-1032), Frame { size: 8 + 1032, ..Frame::default() });
        assert_eq!(of(1032), Frame { size: 8, ..Frame::default() }, "the end of a function");
        let code = [0x4eff_u16, 0x44b5].map(u16::to_le_bytes).concat();
        assert!(Frame::of(&code, &marks[..1]).is_dynamic, "a number outside of the section");
    }

    #[test]
    fn data_is_no_instruction() {
        let mark = |offset, is_code| Mark { offset, is_code };
        let code = [0x4770_u16, 0xb672, 0xb672].map(u16::to_le_bytes).concat();
        let marks = [mark(0, true), mark(2, false)];
        assert_eq!(Masking::of(&code, &marks), Masking::default());
        assert!(Masking::of(&code, &[marks[0], marks[1], mark(4, true)]).is_done);
    }

    #[test]
    fn instructions_are_told_from_each_other() {
        assert_eq!(found(&[0x4770, 0xb672]), (true, false));
        assert_eq!(found(&[0xb671]), (true, false));
        assert_eq!(found(&[0xf3af, 0x8640]), (true, false));
        assert_eq!(found(&[0xf3ef, 0x8310, 0xb672]), (true, true));
        // cpsie i, nop.w, and the second half of a bl
        assert_eq!(found(&[0xb662, 0xf3af, 0x8000, 0xf000, 0xb672]), (false, false));
        assert_eq!(found(&[0xf3ef, 0x8311]), (false, false), "basepri");
    }
}
