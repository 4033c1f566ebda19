// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ranges of addresses.

use core::ops::Range;

/// The bytes from `start` up to, but not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte after the span.
    pub end: usize,
}

impl From<Range<usize>> for Span {
    #[inline(always)]
    fn from(Range { start, end }: Range<usize>) -> Span {
        Span { start, end }
    }
}

impl Span {
    /// No bytes.
    pub const EMPTY: Span = Span { start: 0, end: 0 };

    /// Returns the span of `length` bytes from `start`; `None` if it runs over the end of the address space.
    #[inline(always)]
    #[must_use]
    pub const fn new(start: usize, length: usize) -> Option<Span> {
        match start.checked_add(length) {
            Some(end) => Some(Span { start, end }),
            None => None,
        }
    }

    /// Returns the length in bytes.
    #[inline(always)]
    #[must_use]
    pub const fn length(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Returns whether the span has no bytes.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Returns whether every byte of `inner`, which must not be empty, is in this span.
    #[inline(always)]
    #[must_use]
    pub const fn contains(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end && !inner.is_empty()
    }
}
