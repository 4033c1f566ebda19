// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real-time clock.

use super::Device;
use crossgate_abi::Word;
use crossgate_abi::hosted::rtc::TIME;
use crossgate_kernel::time::NEVER;

/// Counts the time since 1970.
pub struct Rtc {
    /// The time since 1970 at the start of the firmware, in µs. The value wraps around if the clock is set to an
    /// earlier time than the time since start.
    start: u64,
}

impl Rtc {
    /// Creates a clock for a firmware that starts at this time since 1970, in µs.
    pub fn new(start: u64) -> Rtc {
        Rtc { start }
    }
}

impl Device for Rtc {
    fn read(&mut self, register: Word, now: u64) -> Word {
        if register == TIME { self.start.wrapping_add(now) as Word } else { 0 }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        if register == TIME {
            self.start = (value as u64).wrapping_sub(now);
        }
    }

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_from_where_it_is_set() {
        let mut clock = Rtc::new(1_000);
        assert_eq!(clock.read(TIME, 5), 1_005);
        clock.write(TIME, 70, 100);
        assert_eq!(
            (clock.read(TIME, 100), clock.read(TIME, 140), clock.read(1, 140)),
            (70, 110, 0)
        );
    }
}
