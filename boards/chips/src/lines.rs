// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that pins set and chips see.

use core::convert::Infallible;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};

/// Lines between pins and chips, all high at first.
#[derive(Debug)]
pub struct Lines<const N: usize> {
    /// The number of times that each line has changed; it is low after an odd number.
    changes: [AtomicU32; N],
}

impl<const N: usize> Lines<N> {
    /// Creates lines.
    #[must_use]
    pub const fn new() -> Lines<N> {
        Lines { changes: [const { AtomicU32::new(0) }; N] }
    }

    /// Returns the pin that sets a line. Each line should have one.
    ///
    /// # Panics
    /// If there is no such line.
    #[must_use]
    pub const fn pin(&'static self, line: usize) -> SimulatedPin {
        SimulatedPin { changes: &self.changes[line] }
    }

    /// Returns how often the line has changed.
    pub(crate) fn changes(&self, line: usize) -> u32 {
        self.changes.get(line).map_or(0, |changes| changes.load(Relaxed))
    }
}

impl<const N: usize> Default for Lines<N> {
    fn default() -> Self {
        Lines::new()
    }
}

/// A pin that sets one of the [`Lines`].
#[derive(Clone, Copy)]
pub struct SimulatedPin {
    changes: &'static AtomicU32,
}

impl SimulatedPin {
    fn is_high(self) -> bool {
        self.changes.load(Relaxed).is_multiple_of(2)
    }

    fn set(self, high: bool) {
        if high != self.is_high() {
            self.changes.fetch_add(1, Relaxed);
        }
    }
}

impl fmt::Debug for SimulatedPin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimulatedPin").field("is_high", &self.is_high()).finish()
    }
}

impl ErrorType for SimulatedPin {
    type Error = Infallible;
}

impl OutputPin for SimulatedPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(true);
        Ok(())
    }
}

impl StatefulOutputPin for SimulatedPin {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.is_high())
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.is_high())
    }
}
