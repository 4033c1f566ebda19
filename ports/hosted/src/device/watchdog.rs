// SPDX-License-Identifier: MIT OR Apache-2.0
//! A watchdog.

use super::Device;
use crossgate_abi::Word;
use crossgate_abi::hosted::watchdog::{FEED, TIME};
use crossgate_kernel::time::NEVER;

/// A watchdog, which resets the system if it is not fed in time.
pub struct Watchdog {
    time: Word,
    /// The time at which the watchdog resets the system.
    end: u64,
    resets: bool,
}

impl Watchdog {
    /// Creates a watchdog that has not started.
    pub fn new() -> Watchdog {
        Watchdog { time: 0, end: NEVER, resets: false }
    }
}

impl Device for Watchdog {
    fn read(&mut self, register: Word, _: u64) -> Word {
        if register == TIME { self.time } else { 0 }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        match register {
            TIME => self.time = value.max(1),
            FEED if self.time > 0 => {}
            _ => return,
        }
        self.end = now.saturating_add(self.time as u64);
    }

    fn advance(&mut self, now: u64) {
        self.resets |= now >= self.end;
    }

    fn next(&self) -> u64 {
        self.end
    }

    fn is_raised(&self) -> bool {
        false
    }

    fn resets(&self) -> Option<&'static str> {
        self.resets.then_some("the watchdog was not fed in time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_that_is_not_fed_resets_the_system() {
        let mut watchdog = Watchdog::new();
        watchdog.write(FEED, 0, 5);
        assert_eq!(watchdog.next(), NEVER, "it has not started");
        watchdog.write(TIME, 100, 10);
        watchdog.write(FEED, 0, 70);
        watchdog.advance(169);
        assert_eq!((watchdog.next(), watchdog.resets()), (170, None));
        watchdog.advance(170);
        watchdog.write(FEED, 0, 171);
        assert!(watchdog.resets().is_some(), "it comes too late");
    }
}
