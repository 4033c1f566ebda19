// SPDX-License-Identifier: MIT OR Apache-2.0
//! Points in time, and how far away they are.
//!
//! The kernel counts in µs since start, in 64 bits that never overflow. Each frame holds a deadline, so a deadline has
//! to be small: it is the lower bits of a time in units of about 1 ms.

use crossgate_abi::{DEADLINE_OVER, DEADLINE_UNIT, Word};

/// A time that is never reached.
pub const NEVER: u64 = u64::MAX;

/// Returns a time from two words, the lower first.
#[inline(always)]
#[must_use]
pub fn microseconds(low: Word, high: Word) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}

/// The lower bits of a time since start in units of [`DEADLINE_UNIT`].
pub(crate) type Ticks = u16;

/// Returns the ticks at this time in µs since start.
#[inline]
pub(crate) fn ticks(now: u64) -> Ticks {
    (now / DEADLINE_UNIT) as Ticks
}

/// The time at which calls have to end: less than 2^15 units of [`DEADLINE_UNIT`] away, or [over](Deadline::OVER), or
/// [never](Deadline::NONE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(pub Ticks);

impl Deadline {
    pub const NONE: Deadline = Deadline(0);
    /// The time has passed. (Without this value, a time that passed long ago would look like one in the future.)
    pub const OVER: Deadline = Deadline(DEADLINE_OVER);

    /// Returns the first end of a unit that is not before `time`, in µs since start.
    #[inline(always)]
    pub fn not_before(time: u64) -> Deadline {
        // (In 32 bits, because the upper bits don't count.)
        match ((time as u32).wrapping_add(DEADLINE_UNIT as u32 - 1) / DEADLINE_UNIT as u32) as Ticks
        {
            // These two values have other meanings. The deadline is then one or two units later.
            0 | DEADLINE_OVER => Deadline(1),
            ticks => Deadline(ticks),
        }
    }

    /// Returns the number of units that are left.
    #[inline(always)]
    pub fn left(self, now: Ticks) -> u16 {
        match self {
            Deadline::NONE => FOR_EVER,
            Deadline::OVER => 0,
            Deadline(end) => (end.wrapping_sub(now) as i16).max(0) as u16,
        }
    }

    /// Returns whether the time has passed, recently or [long ago](Deadline::OVER).
    #[inline]
    pub fn is_over(self, now: u64) -> bool {
        self.left(ticks(now)) == 0
    }

    /// Returns the time at which it passes, in µs since start.
    #[inline]
    pub fn end(self, now: u64) -> u64 {
        match self.left(ticks(now)) {
            0 | FOR_EVER => NEVER,
            left => end_of(left, now),
        }
    }
}

/// More units than any deadline has left.
pub(crate) const FOR_EVER: u16 = u16::MAX;

/// Returns the time at which `left` units, counted from the present one on, have ended, in µs since start.
#[inline(always)]
pub(crate) fn end_of(left: u16, now: u64) -> u64 {
    now - now % DEADLINE_UNIT + u64::from(left) * DEADLINE_UNIT
}
