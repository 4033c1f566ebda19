// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of exceptions, and the one that is active (ARM DDI 0403E, B1.5.2).

use core::ops::RangeInclusive;

pub const NON_MASKABLE: u32 = 2;
/// Hard fault, memory management, bus and usage fault.
pub const FAULTS: RangeInclusive<u32> = 3..=6;
pub const PENDSV: u32 = 14;
pub const SYSTICK: u32 = 15;

/// Returns the exception that is active (ARM DDI 0403E, B1.4.2).
#[inline(always)]
pub fn active() -> u32 {
    let exception;
    // SAFETY: this only reads a register.
    unsafe {
        core::arch::asm!("mrs {}, ipsr", out(reg) exception, options(nomem, nostack, preserves_flags));
    }
    exception
}

/// Returns the interrupt line of an exception. Exceptions of the CPU itself are below line 0.
pub const fn line_of(exception: u32) -> u32 {
    exception.wrapping_sub(16)
}
