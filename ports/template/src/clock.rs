// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, and the timer.

use crate::missing;

/// Returns the time since start in µs.
///
/// The time never runs backwards, and no time is lost when the timer is set. So the port reads a counter that it never
/// writes. A counter of 32 bits wraps around. So the port counts the wraps, at the latest whenever the timer
/// interrupts.
pub fn now() -> u64 {
    missing("read a free-running counter, and convert it to µs")
}

/// Makes the timer interrupt at this time or soon after; at once if the time has passed. At `NEVER`, it need not
/// interrupt.
pub fn set_timer(_at: u64) {
    missing("set the timer's compare register; if the time has passed by then, pend the interrupt")
}
