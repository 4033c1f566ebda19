// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, from the board's counter.
//!
//! The counter is never set, only read, so no time is lost, however often threads sleep. The counter wraps around after
//! 2^32. SysTick, which wakes the threads that sleep, interrupts often enough that no wrap is missed.

use crate::alarm;
use core::num::{NonZeroU16, NonZeroU32};

unsafe extern "Rust" {
    safe fn __crossgate_board_start();
    safe fn __crossgate_board_count() -> u32;
    safe fn __crossgate_board_alarm(cycles: u32);
}

/// The clock.
pub struct Clock {
    // The type excludes 0, so that no division by it can panic.
    ticks_per_microsecond: NonZeroU16,
    cycles_per_microsecond: NonZeroU16,
    /// The time in µs when the counter was last read.
    microseconds: u64,
    /// The value of the counter at the start of that µs.
    count: u32,
}

impl Clock {
    /// Creates a clock that has not started, with a counter and a CPU of these frequencies in MHz.
    pub const fn new(counter: NonZeroU16, cpu: NonZeroU16) -> Clock {
        Clock {
            ticks_per_microsecond: counter,
            cycles_per_microsecond: cpu,
            microseconds: 0,
            count: 0,
        }
    }

    /// Starts the clock at 0.
    #[inline(always)]
    pub fn start(&mut self) {
        alarm::set(alarm::LONGEST);
        __crossgate_board_start();
        self.count = __crossgate_board_count();
    }

    /// Returns the time since start in µs.
    // The fast path calls it.
    #[inline(never)]
    pub extern "C" fn now(&mut self) -> u64 {
        let ticks = NonZeroU32::from(self.ticks_per_microsecond);
        let passed = __crossgate_board_count().wrapping_sub(self.count) / ticks;
        self.count = self.count.wrapping_add(passed.wrapping_mul(ticks.get()));
        self.microseconds = self.microseconds.wrapping_add(passed.into());
        self.microseconds
    }

    /// Adds a time for which the counter stood still, in µs.
    pub fn add(&mut self, time: u64) {
        self.microseconds = self.microseconds.wrapping_add(time);
    }

    /// Makes SysTick interrupt at `at` (µs since start) or within 1 µs after, but not before the
    /// [shortest](crate::alarm::shortest) period is over. If `at` is further away than SysTick can count, the interrupt
    /// comes earlier. The caller then compares `at` with `now`, and calls this function again.
    #[inline]
    pub fn set_timer(&mut self, at: u64) {
        let left = at.saturating_sub(self.now());
        let cycles = NonZeroU32::from(self.cycles_per_microsecond);
        let longest = alarm::LONGEST / cycles;
        let distance = if left < longest.into() { left as u32 } else { longest };
        __crossgate_board_alarm(distance.wrapping_mul(cycles.get()));
    }
}
