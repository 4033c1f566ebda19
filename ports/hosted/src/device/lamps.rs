// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lamps, shown in the terminal.

use super::Device;
use crate::linux::output;
use crossgate_abi::Word;
use crossgate_abi::hosted::lamps::{COUNT, ON};
use crossgate_kernel::time::NEVER;

/// Lamps that are on or off. Each change is a line on the standard error.
pub struct Lamps {
    on: Word,
}

impl Lamps {
    /// Creates lamps that are off.
    pub fn new() -> Lamps {
        Lamps { on: 0 }
    }

    /// Returns the lamps as text for the user, lamp 0 first.
    fn picture(&self) -> String {
        (0..COUNT).map(|lamp| if self.on >> lamp & 1 != 0 { '●' } else { '○' }).collect()
    }
}

impl Device for Lamps {
    fn read(&mut self, register: Word, _: u64) -> Word {
        if register == ON { self.on } else { 0 }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        let on = value & ((1 << COUNT) - 1);
        if register == ON && on != self.on {
            self.on = on;
            let (seconds, rest) = (now / 1_000_000, now % 1_000_000);
            output::tell(format_args!("[{seconds:5}.{rest:06}] lamps {}", self.picture()));
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
    fn a_lamp_is_a_bit() {
        let mut lamps = Lamps::new();
        lamps.write(ON, 0x105, 0);
        assert_eq!(lamps.read(ON, 0), 5);
        assert_eq!(lamps.picture(), "●○●○○○○○");
    }
}
