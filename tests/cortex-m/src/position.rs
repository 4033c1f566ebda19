// SPDX-License-Identifier: MIT OR Apache-2.0
//! A way to interrupt a program at every position, instruction by instruction: a timer counts ticks, and a test spends
//! a part of the first tick before the program starts. The positions are exact only if the emulator counts
//! instructions.

use core::arch::asm;

/// The number of instructions in a tick of the timer.
pub const TICK: u32 = 1_000_000_000 / board::CLOCK_HZ;

/// Executes `instructions`, at most [`TICK`], and a few more, always the same number.
// (For ARMv6-M, the compiler puts constants too far away from code around such assembly.)
#[cfg_attr(not(baseline), inline(always))]
#[cfg_attr(baseline, inline(never))]
pub fn delay(instructions: u32) {
    let skipped = 2 * (TICK - instructions.min(TICK));
    // SAFETY: the jump goes to one of the instructions that do nothing, or past the last of them. (The program counter
    // reads as 4 bytes after the jump, which is 2 bytes long.)
    unsafe {
        asm!(
            "add pc, {skipped}",
            "nop",
            ".rept {tick}",
            "nop",
            ".endr",
            skipped = in(reg) skipped,
            tick = const TICK,
        );
    }
}
