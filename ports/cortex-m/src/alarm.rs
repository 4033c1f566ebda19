// SPDX-License-Identifier: MIT OR Apache-2.0
//! SysTick's interrupt, which wakes the threads that sleep.
//!
//! SysTick counts the CPU's cycles down to 0, from at most 2^24 - 1, and then reloads its period.

use crate::exception::{self, SYSTICK};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::RegisterBlock;

/// The bits of SysTick's control register.
pub const ENABLE: u32 = 1;
pub const INTERRUPT: u32 = 1 << 1;
pub const CPU_CLOCK: u32 = 1 << 2;
/// The longest period, in cycles.
pub const LONGEST: u32 = (1 << 24) - 1;
/// The shortest period, in cycles, so that the next period can be set before this one ends.
const SHORTEST: u32 = 64;
/// The shortest period after an interrupt of a line, in cycles. If SysTick became pending together with the line, a
/// shorter period would end before the thread that the line has woken could do anything.
const AFTER_LINE: u32 = 512;

/// Returns the shortest period, in cycles.
#[inline(always)]
pub fn shortest() -> u32 {
    if exception::active() > SYSTICK { AFTER_LINE } else { SHORTEST }
}

/// Returns SysTick's registers.
pub fn registers() -> &'static RegisterBlock {
    // SAFETY: SysTick belongs to the kernel.
    unsafe { &*SYST::PTR }
}

/// Makes SysTick interrupt once, after this number of cycles; but not before the [shortest](shortest) period is over.
pub fn set(cycles: u32) {
    // SAFETY: SysTick belongs to the kernel, and so does the handler of its interrupt.
    unsafe {
        registers().csr.write(0);
        registers().rvr.write(cycles.max(shortest()));
        registers().cvr.write(0);
        registers().csr.write(ENABLE | INTERRUPT | CPU_CLOCK);
        wait_for_period();
        // A reload value of 0 stops the counter when this period ends.
        registers().rvr.write(0);
    }
}

/// Stops SysTick.
pub fn stop() {
    // SAFETY: SysTick belongs to the kernel.
    unsafe { registers().csr.write(0) };
}

/// Waits for the cycle in which the counter reloads the period.
#[inline(always)]
pub fn wait_for_period() {
    while registers().cvr.read() == 0 {}
}
