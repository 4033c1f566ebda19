// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded waits.

/// The largest number of reads while the board waits for a bit. They take 4 ms at least, and the crystal starts in less
/// than one.
const PATIENCE: u32 = 1 << 16;

/// Waits until a bit is set, but not for ever. Returns whether it is.
pub fn comes(mut is_set: impl FnMut() -> bool) -> bool {
    (0..PATIENCE).any(|_| {
        #[cfg(test)]
        crate::model::step();
        is_set()
    })
}
