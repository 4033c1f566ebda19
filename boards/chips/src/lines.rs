// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines between pins and chips. A pin sets a line, and a chip reads it.

use core::convert::Infallible;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};

/// Lines between pins and chips, all high at first.
pub struct Lines<const N: usize> {
    lines: [Line; N],
    clock: fn() -> u64,
}

struct Line {
    /// The number of changes of the line. After an odd number of changes it is low.
    changes: AtomicU32,
    /// The times of the last change to high and of the last change to low: the lower 32 bits, in µs.
    changed: [AtomicU32; 2],
}

impl Line {
    #[expect(clippy::declare_interior_mutable_const, reason = "each use is another line")]
    const HIGH: Line =
        Line { changes: AtomicU32::new(0), changed: [const { AtomicU32::new(0) }; 2] };
}

impl<const N: usize> Lines<N> {
    /// Creates lines. `clock` returns the time in µs.
    #[must_use]
    pub const fn new(clock: fn() -> u64) -> Lines<N> {
        Lines { lines: [const { Line::HIGH }; N], clock }
    }

    /// Returns the pin that sets a line. Each line should have only one pin.
    ///
    /// # Panics
    /// If there is no such line.
    #[must_use]
    pub const fn pin(&'static self, line: usize) -> SimulatedPin {
        SimulatedPin { line: &self.lines[line], clock: self.clock }
    }

    /// Returns the time in µs.
    pub(crate) fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Returns how often the line has changed.
    pub(crate) fn changes(&self, line: usize) -> u32 {
        self.lines.get(line).map_or(0, |line| line.changes.load(Relaxed))
    }

    /// Returns the time of the last change of the line to high or to low. This time must be at most an hour before
    /// `now`.
    pub(crate) fn changed(&self, line: usize, high: bool, now: u64) -> u64 {
        let time = |line: &Line| line.changed[usize::from(!high)].load(Relaxed);
        let changed = self.lines.get(line).map_or(0, time);
        now.saturating_sub((now as u32).wrapping_sub(changed).into())
    }
}

impl<const N: usize> fmt::Debug for Lines<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// A pin that sets one of the [`Lines`].
#[derive(Clone, Copy)]
pub struct SimulatedPin {
    line: &'static Line,
    clock: fn() -> u64,
}

impl SimulatedPin {
    fn is_high(self) -> bool {
        self.line.changes.load(Relaxed).is_multiple_of(2)
    }

    // Only one thread at a time sets a line, as it is with a real pin.
    fn set(self, high: bool) {
        if high != self.is_high() {
            self.line.changed[usize::from(!high)].store((self.clock)() as u32, Relaxed);
            self.line.changes.store(self.line.changes.load(Relaxed).wrapping_add(1), Relaxed);
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
