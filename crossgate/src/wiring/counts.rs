// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets and sums of numbers that the wiring gives to things.

/// Returns the set of one element: bit `index`. If there is no such bit, the set is empty; no firmware has so many
/// elements.
#[must_use]
pub const fn bit(index: usize) -> u32 {
    1_u32.unbounded_shl(index as u32)
}

/// Returns the sum of the counts before `end`: the index of the first thing of item `end`.
#[must_use]
pub const fn sum(counts: &[usize], end: usize) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < end {
        sum += counts[index];
        index += 1;
    }
    sum
}
