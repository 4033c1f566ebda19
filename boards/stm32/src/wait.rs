// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded waits, for the setup of a chip.

/// The largest number of reads while the setup waits for a bit. At the 64 MHz with which the fastest chip starts, they
/// take 5 ms at least, and a crystal takes some milliseconds.
const PATIENCE: u32 = 1 << 16;

/// Waits until a bit is set, but not for ever. Returns whether it is.
pub fn comes(mut is_set: impl FnMut() -> bool) -> bool {
    (0..PATIENCE).any(|_| {
        #[cfg(test)]
        crate::model::step();
        is_set()
    })
}
