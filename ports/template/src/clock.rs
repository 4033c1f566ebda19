// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, and the timer.

use crate::missing;

/// Time since start in µs.
///
/// It never runs backwards, and loses nothing when the timer is set: read a counter that nobody writes. A counter of 32
/// bits wraps around; count that, at the latest whenever the timer comes.
pub fn now() -> u64 {
    missing("read a counter that runs freely, and make µs of it")
}

/// Has the timer interrupt at this time, or soon after; at once if it is past. `NEVER` is far away.
pub fn set_timer(_at: u64) {
    missing("set the timer's compare register; if the time is past by then, pend its interrupt")
}
