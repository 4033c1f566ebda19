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
        while let Some(first) = halves.next() {
            // Instructions of 32 bits end in 0b11.
            let adjustment = if first & 3 == 3 {
                let word = u32::from(halves.next().unwrap_or_default()) << 16 | u32::from(first);
                frame.is_dynamic |= is_dynamic(word);
                long(word)
            } else {
                short(first)
            };
            frame.size += u64::from(adjustment.min(0).unsigned_abs());
        }
    }
    frame
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
    fn data_is_no_instruction() {
        let marks = [Mark::code(0), Mark::data(2)];
        assert_eq!(frame(&[0x01, 0x00, 0x41, 0x11], &marks), Frame::default());
    }
}
