// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions of RISC-V that use stack.
//!
//! There is no need to look for those that mask interrupts: in a process they are faults.

use crate::thumb::{Frame, Mark, runs};

/// Returns the stack that a section of code with these marks uses.
pub fn frame(code: &[u8], marks: &[Mark]) -> Frame {
    let mut frame = Frame::default();
    for (_, run) in runs(code, marks) {
        let mut halves = run.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        let (mut before, mut selector) = (0, None);
        while let Some(first) = halves.next() {
            // Instructions of 32 bits end in 0b11.
            let is_long = first & 3 == 3;
            let second = if is_long { halves.next().unwrap_or_default() } else { 0 };
            let word = u32::from(second) << 16 | u32::from(first);
            let adjustment = if is_long {
                frame.is_dynamic |= is_dynamic(word);
                long(word)
            } else {
                short(first)
            };
            frame.calls_pointers |= is_call_of_pointer(word, before);
            selector = selector_after(word).or(selector);
            if word == ECALL {
                frame.calls_services |= selector.take() != Some(Selector::Number);
            }
            before = word;
            frame.size += u64::from(adjustment.min(0).unsigned_abs());
        }
    }
    frame
}

/// A system call.
const ECALL: u32 = 0x73;
/// The register with the selector of a system call: a4.
const A4: u32 = 14;

/// The kind of a selector.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selector {
    /// The complement of a small number, which is not a gate.
    Number,
    /// Perhaps a gate.
    Other,
}

/// Returns the kind of selector that an instruction puts into its register, if it does.
fn selector_after(word: u32) -> Option<Selector> {
    let is_long = word & 3 == 3;
    // jal and jalr: a called function may change a4. c.jalr, and c.lw to a4
    let is_call = is_long && matches!(word & 0x7f, 0x6f | 0x67) && word >> 7 & 31 != 0;
    if is_call || word & 0xf07f == 0x9002 || word & 0xe01f == 0x4018 {
        return Some(Selector::Other);
    }
    if word >> 7 & 31 != A4 {
        return None;
    }
    match (is_long, word & 0x7f, word >> 13 & 7) {
        // c.li a4, # and li a4, #, with a negative number
        (false, _, 0b010) if word & 3 == 1 && word >> 12 & 1 != 0 => Some(Selector::Number),
        (true, 0x13, _) if word >> 12 & 0xff == 0 && word >> 31 != 0 => Some(Selector::Number),
        // any other computation, but not a store or a branch
        (true, 0x03 | 0x13 | 0x17 | 0x33 | 0x37, _) => Some(Selector::Other),
        (false, _, 0b010 | 0b011) if word & 3 == 1 => Some(Selector::Other),
        (false, _, 0b010 | 0b100) if word & 3 == 2 => Some(Selector::Other),
        _ => None,
    }
}

/// Returns whether an instruction calls the code at an address in a register, or jumps there. (Not if the instruction
/// before it has computed this address: together these two call what a relocation names.)
fn is_call_of_pointer(word: u32, before: u32) -> bool {
    const RA: u32 = 1;
    let is_pair = before & 0x7f == 0x17 && before >> 7 & 31 == word >> 15 & 31;
    let is_return = word >> 7 & 31 == 0 && word >> 15 & 31 == RA;
    let is_long = word & 0x707f == 0x67 && !is_pair && !is_return;
    // c.jr and c.jalr, but not c.ebreak
    let register = word >> 7 & 31;
    let is_jump = word & 0xf07f == 0x8002 && register != RA && register != 0;
    let is_call = word & 0xf07f == 0x9002 && register != 0;
    is_long || (word & 3 != 3 && (is_jump || is_call))
}

/// Returns the number that an instruction of 32 bits adds to the stack pointer: `addi sp, sp, #`.
fn long(word: u32) -> i32 {
    if word & 0xf_ffff == 0x0001_0113 { word as i32 >> 20 } else { 0 }
}

/// Returns whether an instruction adds a register to the stack pointer, or subtracts one: `add sp, sp, rX`.
fn is_dynamic(word: u32) -> bool {
    word & 0xbe0f_ffff == 0x0001_0133
}

/// Returns the number that an instruction of 16 bits adds to the stack pointer: `c.addi sp, #` or `c.addi16sp #`.
fn short(half: u16) -> i32 {
    let half = i32::from(half);
    let bits = |from: i32, count: i32, to: i32| (half >> from & ((1 << count) - 1)) << to;
    let signed = |value: i32, bits: i32| value << (32 - bits) >> (32 - bits);
    match half & 0xef83 {
        0x0101 => signed(bits(12, 1, 5) | bits(2, 5, 0), 6),
        0x6101 => {
            let low = bits(6, 1, 4) | bits(2, 1, 5) | bits(5, 1, 6);
            signed(bits(12, 1, 9) | bits(3, 2, 7) | low, 10)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thumb::Mark;

    fn of(code: &[u8]) -> Frame {
        frame(code, &[Mark::code(0)])
    }

    /// The instructions are as `llvm-objdump` shows them.
    #[test]
    fn frames_are_added_up() {
        let size = |code: &[u8]| of(code).size;
        assert_eq!(size(&[0x41, 0x11]), 16, "c.addi sp, -16");
        assert_eq!(size(&[0x79, 0x71]), 48, "c.addi16sp sp, -48");
        assert_eq!(size(&[0x13, 0x01, 0x01, 0xc1]), 1008, "addi sp, sp, -1008");
        assert_eq!(size(&[0x41, 0x01, 0x45, 0x61]), 0, "c.addi sp, 16; c.addi16sp sp, 112");
        assert_eq!(size(&[0x41, 0x11, 0x06, 0xc6, 0x79, 0x71]), 64, "a store in between");
        assert!(of(&[0x33, 0x01, 0xa1, 0x40]).is_dynamic, "sub sp, sp, a0");
        assert!(of(&[0x33, 0x01, 0x51, 0x00]).is_dynamic, "add sp, sp, t0");
        assert!(!of(&[0x13, 0x01, 0x01, 0xc1]).is_dynamic);
    }

    #[test]
    fn calls_of_pointers_are_told_from_returns() {
        let calls = |code: &[u8]| of(code).calls_pointers;
        assert!(calls(&[0x02, 0x95]), "c.jalr a0");
        assert!(calls(&[0x02, 0x85]), "c.jr a0");
        assert!(calls(&[0xe7, 0x00, 0x05, 0x00]), "jalr a0");
        assert!(!calls(&[0x82, 0x80]), "c.jr ra, which is ret");
        assert!(!calls(&[0x67, 0x80, 0x00, 0x00]), "jr ra");
        assert!(!calls(&[0x02, 0x90]), "c.ebreak");
        assert!(!calls(&[0x97, 0x00, 0x00, 0x00, 0xe7, 0x80, 0x00, 0x00]), "auipc ra, 0; jalr ra");
    }

    #[test]
    fn calls_of_services_are_told_from_system_calls() {
        let calls = |code: &[u8]| of(code).calls_services;
        let ecall = [0x73, 0, 0, 0];
        assert!(!calls(&[&[0x61, 0x57], &ecall[..]].concat()), "c.li a4, -8; ecall");
        assert!(!calls(&[&[0x13, 0x07, 0x80, 0xff], &ecall[..]].concat()), "li a4, -8; ecall");
        assert!(calls(&ecall), "the selector was set elsewhere");
        assert!(calls(&[&[0x21, 0x47], &ecall[..]].concat()), "c.li a4, 8; ecall");
        assert!(calls(&[&[0x61, 0x57, 0x2e, 0x87], &ecall[..]].concat()), "c.mv a4, a1; ecall");
        assert!(calls(&[&[0x61, 0x57, 0x18, 0x41], &ecall[..]].concat()), "c.lw a4, 0(a0); ecall");
        assert!(calls(&[&[0x61, 0x57, 0x02, 0x95], &ecall[..]].concat()), "c.jalr a0; ecall");
        let twice = [&[0x61, 0x57], &ecall[..], &ecall].concat();
        assert!(calls(&twice), "the second one has no selector");
    }

    #[test]
    fn data_is_no_instruction() {
        let marks = [Mark::code(0), Mark::data(2)];
        assert_eq!(frame(&[0x01, 0x00, 0x41, 0x11], &marks), Frame::default());
    }
}
