//! Time since start.

use crate::arch::system_call;
use core::ops::{Add, Sub};
use core::time::Duration;
use crossgate_abi::{Word, number};

/// A point in time, to the µs.
///
/// ```
/// use core::time::Duration;
/// let start = crossgate::time::now();
/// let later = start + Duration::from_millis(5);
/// assert_eq!(later - start, Duration::from_millis(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The time since start in µs.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, time: Duration) -> Instant {
        Instant(self.0.saturating_add(microseconds(time)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time between the two; 0 if `earlier` is later.
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// The present time. It never runs backwards.
#[must_use]
pub fn now() -> Instant {
    let [low, high] = system_call(number::NOW, []).words;
    Instant(low as u64 | (high as u64) << 32)
}

/// Lets other threads run for at least `time`.
pub fn sleep(time: Duration) {
    sleep_by(number::SLEEP, microseconds(time));
}

/// Lets other threads run until `time`. In a loop with a fixed step, the step does not drift.
///
/// ```no_run
/// use core::time::Duration;
/// use crossgate::time;
/// let mut next = time::now();
/// loop {
///     // ... sample ...
///     next = next + Duration::from_millis(10);
///     time::sleep_until(next);
/// }
/// ```
pub fn sleep_until(time: Instant) {
    sleep_by(number::SLEEP_UNTIL, time.0);
}

fn sleep_by(number: Word, microseconds: u64) {
    system_call(number, [microseconds as u32 as Word, (microseconds >> 32) as Word]);
}

/// In µs; what is longer than 584,000 years is cut to that.
//
// In 64 bits: those of `Duration::as_micros` are 128.
#[inline]
pub(crate) const fn microseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000).saturating_add(time.subsec_micros() as u64)
}
