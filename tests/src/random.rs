// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers for attacks at random.

/// A small generator of numbers (xorshift32: G. Marsaglia, 2003). The seed is not 0.
#[derive(Debug)]
pub struct Random(pub u32);

impl Random {
    /// The next one.
    pub fn number(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// One that is less than `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.number() >> 8) % limit
    }
}
