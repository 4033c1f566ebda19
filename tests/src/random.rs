// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers for attacks.

/// A small generator of numbers (xorshift32: G. Marsaglia, 2003). The seed is not 0.
#[derive(Debug)]
pub struct Random(pub u32);

impl Random {
    /// Returns the next number.
    pub fn number(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Returns a number that is less than `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.number() >> 8) % limit
    }
}
