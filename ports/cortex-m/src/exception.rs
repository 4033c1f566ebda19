// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of exceptions, and the one that is active (ARM DDI 0403E, B1.5.2).

use core::ops::RangeInclusive;
use cortex_m::peripheral::SCB;

pub const NON_MASKABLE: u32 = 2;
/// Hard fault, memory management, bus and usage fault.
pub const FAULTS: RangeInclusive<u32> = 3..=6;
pub const PENDSV: u32 = 14;
pub const SYSTICK: u32 = 15;

/// Returns the exception that is active (ARM DDI 0403E, B3.2.4).
pub fn active() -> u32 {
    const ACTIVE: u32 = 0x1ff;
    // SAFETY: this only reads a register.
    unsafe { (*SCB::PTR).icsr.read() & ACTIVE }
}

/// Returns the interrupt line of an exception. Exceptions of the CPU itself are below line 0.
pub const fn line_of(exception: u32) -> u32 {
    exception.wrapping_sub(16)
}
