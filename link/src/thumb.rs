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

/// Returns the parts of a section with these marks that are code.
pub fn runs<'a>(code: &'a [u8], marks: &'a [Mark]) -> impl Iterator<Item = &'a [u8]> {
    let ends = marks.iter().skip(1).map(|mark| mark.offset).chain([code.len()]);
    let runs = marks.iter().zip(ends).filter(|(mark, _)| mark.is_code);
    runs.map(|(mark, end)| code.get(mark.offset..end).unwrap_or_default())
}

/// Returns the instructions of a section with these marks: the first half, and the second or 0.
fn instructions(code: &[u8], marks: &[Mark]) -> Vec<(u16, u16)> {
    let mut found = Vec::new();
    for code in runs(code, marks) {
        let mut halves = code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        while let Some(first) = halves.next() {
            // Longer instructions start with 0b11101, 0b11110 or 0b11111.
            let second = if first >= 0xe800 { halves.next().unwrap_or_default() } else { 0 };
            found.push((first, second));
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
        for (first, second) in instructions(code, marks) {
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
    /// True if it also subtracts a register from the stack pointer.
    pub is_dynamic: bool,
    /// True if it calls code in the same section, and so itself. (Calls of other sections have no target before the
    /// linker fills it in.)
    pub calls_itself: bool,
}

/// A call whose target the linker will fill in.
const UNLINKED_CALL: (u16, u16) = (0xf7ff, 0xfffe);

impl Frame {
    /// Analyses the code of a section with these marks.
    pub fn of(code: &[u8], marks: &[Mark]) -> Self {
        let mut frame = Self::default();
        for (first, second) in instructions(code, marks) {
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
        assert!(frame(&[0xf7ff, 0xfff0]).calls_itself, "bl back");
        assert_eq!(frame(&[0xf7ff, 0xfffe]), Frame::default(), "bl of another");
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
