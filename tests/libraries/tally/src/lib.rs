// SPDX-License-Identifier: MIT OR Apache-2.0
//! A library with statics: each process that uses it has its own.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::sync::atomic::{AtomicU32, Ordering};

/// The number at which counting starts.
pub const START: u32 = 100;
/// The number of numbers that are stored.
pub const LENGTH: usize = 8;

static TOTAL: AtomicU32 = AtomicU32::new(START);
static PAST: [AtomicU32; LENGTH] = [const { AtomicU32::new(0) }; LENGTH];
/// An object may refer to a static of a library from its start.
pub static MARK: AtomicU32 = AtomicU32::new(7);

/// A driver. More than one process may have such a driver.
#[derive(Debug)]
pub struct Tally {
    mark: &'static AtomicU32,
}

impl Tally {
    /// Creates a driver that marks `mark`.
    #[must_use]
    pub const fn new(mark: &'static AtomicU32) -> Tally {
        Tally { mark }
    }

    /// Counts. Returns the number, and how often this object has marked.
    #[inline(never)]
    pub fn count(&self) -> (u32, u32) {
        let number = TOTAL.fetch_add(1, Ordering::Relaxed);
        PAST[number as usize % LENGTH].store(number, Ordering::Relaxed);
        (number, self.mark.fetch_add(1, Ordering::Relaxed))
    }
}

/// Returns the sum of the numbers that are stored.
#[must_use]
pub fn past() -> u32 {
    PAST.iter().map(|number| number.load(Ordering::Relaxed)).sum()
}

/// Returns the address of the total.
#[must_use]
pub fn address() -> usize {
    (&raw const TOTAL).addr()
}
