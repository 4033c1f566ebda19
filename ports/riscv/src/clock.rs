// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, from the machine timer.
//!
//! The counter is never set, only read, so no time is lost, however often threads sleep.

use crate::interrupts::{
    __crossgate_board_compare, __crossgate_board_count, __crossgate_board_start,
};
use core::num::NonZeroU32;

/// The longest time in ticks until the timer interrupts. The clock divides differences of 32 bits, because a division of
/// 64 bits takes long.
const LONGEST: u32 = 1 << 31;

/// The clock.
pub struct Clock {
    // The type excludes 0, so that no division by it can panic.
    ticks_per_microsecond: NonZeroU32,
    /// The time in µs when the counter was last read.
    microseconds: u64,
    /// The value of the counter at the start of that µs.
    count: u64,
}

impl Clock {
    /// Creates a clock that has not started, with a counter of this frequency in MHz.
    pub const fn new(megahertz: NonZeroU32) -> Clock {
        Clock { ticks_per_microsecond: megahertz, microseconds: 0, count: 0 }
    }

    /// Starts the clock at 0.
    pub fn start(&mut self) {
        __crossgate_board_start();
        self.count = __crossgate_board_count();
        self.set_in(LONGEST);
    }

    /// Returns the time since start in µs.
    pub fn now(&mut self) -> u64 {
        let passed =
            __crossgate_board_count().wrapping_sub(self.count) as u32 / self.ticks_per_microsecond;
        self.count += u64::from(passed) * u64::from(self.ticks_per_microsecond.get());
        self.microseconds += u64::from(passed);
        self.microseconds
    }

    /// Makes the timer interrupt at `at` (µs since start), or at once if that time has passed. If `at` is far away, the
    /// interrupt comes earlier. The caller then compares `at` with `now`, and calls this function again.
    pub fn set_timer(&mut self, at: u64) {
        let left = at.saturating_sub(self.now());
        let longest = LONGEST / self.ticks_per_microsecond;
        let distance = if left < longest.into() { left as u32 } else { longest };
        self.set_in(distance.wrapping_mul(self.ticks_per_microsecond.get()));
    }

    /// Handles the interrupt of the timer: makes the timer silent until it is set again. Otherwise the interrupt would
    /// come again at once, because it stays pending after its time has passed.
    pub fn silence(&mut self) {
        __crossgate_board_compare(u64::MAX);
    }

    fn set_in(&mut self, ticks: u32) {
        __crossgate_board_compare(self.count + u64::from(ticks));
    }
}
