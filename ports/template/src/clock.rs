// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, and the timer.

use crate::missing;

/// Returns the time since start in µs.
///
/// The time never runs backwards, and none is lost when the timer is set: read a counter that is never written. A
/// counter of 32 bits wraps around; count the wraps, at the latest whenever the timer interrupts.
pub fn now() -> u64 {
    missing("read a counter that runs freely, and make µs of it")
}

/// Makes the timer interrupt at this time, or soon after; at once if it is past. `NEVER` is far away.
pub fn set_timer(_at: u64) {
    missing("set the timer's compare register; if the time is past by then, pend its interrupt")
}
