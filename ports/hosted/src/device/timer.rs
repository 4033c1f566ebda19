// SPDX-License-Identifier: MIT OR Apache-2.0
//! A timer.

use super::Device;
use crossgate_abi::Word;
use crossgate_abi::hosted::timer::{ELAPSED, INTERRUPT_AFTER};
use crossgate_kernel::time::NEVER;

/// Counts µs, and raises its interrupt at a time.
pub struct Timer {
    started: u64,
    /// The time at which the timer raises its interrupt.
    timer: u64,
    raised: bool,
}

impl Timer {
    /// Creates a timer that has started at the time 0.
    pub fn new() -> Timer {
        Timer { started: 0, timer: NEVER, raised: false }
    }
}

impl Device for Timer {
    fn read(&mut self, register: Word, now: u64) -> Word {
        if register == ELAPSED { (now - self.started) as Word } else { 0 }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        match register {
            ELAPSED => self.started = now,
            INTERRUPT_AFTER => {
                self.started = now;
                self.raised = false;
                self.timer = if value == 0 { NEVER } else { now.saturating_add(value as u64) };
            }
            _ => {}
        }
    }

    fn advance(&mut self, now: u64) {
        if now >= self.timer {
            (self.timer, self.raised) = (NEVER, true);
        }
    }

    fn next(&self) -> u64 {
        self.timer
    }

    fn is_raised(&self) -> bool {
        self.raised
    }
}
