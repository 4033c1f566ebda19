// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time since start.

use crate::arch::system_call;
use crate::status::failure;
use core::ops::{Add, Sub};
use core::time::Duration;
use crossgate_abi::{CallError, DEADLINE_OVER, DEADLINE_UNIT, DEADLINE_WITHIN, Word, number};

/// A point in time, to the µs.
///
/// ```
/// # crossgate::testing::Wiring::new().run(|| {
/// use core::time::Duration;
/// let start = crossgate::time::now();
/// let later = start + Duration::from_millis(5);
/// assert_eq!(later - start, Duration::from_millis(5));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Returns the time since start in µs.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the point in time `micros` µs after start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Instant {
        Instant(micros)
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

    /// Returns the time from `earlier` to this point in time; 0 if `earlier` is the later one.
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Returns the present time. It never decreases.
#[must_use]
pub fn now() -> Instant {
    let [low, high] = system_call(number::NOW, []).words;
    Instant(low as u64 | (high as u64) << 32)
}

/// Runs `calls`, and sets a deadline for the calls in it: they have to end within `time`.
///
/// When the time is over (at once if it is 0), new calls are not entered, and fail with
/// [`CallError::DeadlineExceeded`]. If a call is in flight then, its wait for an object or a notification fails: the
/// server gets [`TimedOut`](crate::notification::TimedOut) from `wait_timeout`, or [`CallError::DeadlineExceeded`] from
/// a call of its own. It can still return a result. If the call has not returned 10 ms later, the kernel crashes the
/// server, which then restarts, and the call fails with [`CallError::DeadlineExceeded`]. A server whose methods always
/// return within these 10 ms never crashes because of a deadline.
///
/// If several deadlines apply, including deadlines of callers, the nearest deadline counts. Deadlines are 0 to 1023 µs
/// late. (Once every 67 s, a deadline may be 1 to 3 ms late.) A time of more than 33,550,336 µs sets no deadline. The
/// process needs `deadlines;` in the wiring, because a process with this right can make a slow server crash.
///
/// ```
/// # use crossgate::{CallError, Handle, interface, testing::Wiring, time};
/// use core::time::Duration;
/// # #[interface] pub trait Temperature { fn get(&self) -> i32; }
/// # struct Sensor; impl Temperature for Sensor { fn get(&self) -> i32 { 215 } }
/// fn read(sensor: Handle<dyn Temperature>) -> Result<i32, CallError> {
///     time::with_deadline(Duration::from_millis(20), || sensor.get())
/// }
/// # let wiring = Wiring::new();
/// # let sensor = wiring.serve(Sensor);
/// # wiring.run(|| assert_eq!(read(sensor), Ok(215)));
/// ```
///
/// # Errors
/// The error of `calls`; or [`CallError::NotPermitted`], before `calls` runs, if the wiring does not say `deadlines;`.
#[inline(always)]
pub fn with_deadline<T, E: From<CallError>>(
    time: Duration,
    calls: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let Some(time) = limited(time) else { return calls() };
    let reply = system_call(number::SET_DEADLINE, [DEADLINE_WITHIN | time as Word]);
    if reply.status != 0 {
        return Err(failure(reply.status).into());
    }
    let [before, start] = reply.words;
    let result = calls();
    let until = if before == 0 { 0 } else { after_a_while(before as u16, start as u32, now()) };
    system_call(number::SET_DEADLINE, [until.into()]);
    result
}

/// The longest time that counts, in µs: its deadline is less than 2^15 units away, even if it moves by two.
const LONGEST: u64 = ((1 << 15) - 4) * DEADLINE_UNIT;

/// Returns the time in µs, or `None` if it sets no deadline.
//
// The result fits into 32 bits.
#[inline(always)]
const fn limited(time: Duration) -> Option<u32> {
    if time.as_secs() > LONGEST / 1_000_000 {
        return None;
    }
    let time = time.as_secs() as u32 * 1_000_000 + time.subsec_nanos().div_ceil(1000);
    if time as u64 > LONGEST { None } else { Some(time) }
}

/// Returns the present value of a deadline that was in force at `start`. `start` is the lower 32 bits of a time in
/// units of [`DEADLINE_UNIT`]. A deadline that has passed becomes [`DEADLINE_OVER`]. This is necessary because the
/// units of a deadline wrap around, so that a passed deadline would later seem to be in the future.
#[cold]
fn after_a_while(deadline: u16, start: u32, now: Instant) -> u16 {
    let passed = ((now.0 / DEADLINE_UNIT) as u32).wrapping_sub(start);
    let left = deadline.wrapping_sub(start as u16) as i16;
    if i64::from(left) > passed.into() { deadline } else { DEADLINE_OVER }
}

/// Lets other threads run for at least `time`.
pub fn sleep(time: Duration) {
    sleep_by(number::SLEEP, microseconds(time));
}

/// A delay for drivers that use `embedded-hal`. Other threads run while the caller waits.
///
/// With the feature `embedded-hal` it is a `DelayNs`. Times are rounded up to whole µs, so a driver that needs a shorter
/// pause waits longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay;

#[cfg(feature = "embedded-hal")]
impl embedded_hal::delay::DelayNs for Delay {
    fn delay_ns(&mut self, nanoseconds: u32) {
        sleep_by(number::SLEEP, nanoseconds.div_ceil(1000).into());
    }

    fn delay_us(&mut self, microseconds: u32) {
        sleep_by(number::SLEEP, microseconds.into());
    }
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

/// Returns a time in µs. A time of more than 584,000 years becomes 584,000 years.
//
// This uses arithmetic of 64 bits. `Duration::as_micros` would need arithmetic of 128 bits.
#[inline]
pub(crate) const fn microseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000).saturating_add(time.subsec_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time after which the lower 16 bits of the units wrap around.
    const ROUND: u64 = (1 << 16) * DEADLINE_UNIT;

    /// Returns the value at `now` of a deadline that was in force at `start`. Both times are in µs.
    fn later(deadline: u16, start: u64, now: u64) -> u16 {
        after_a_while(deadline, (start / DEADLINE_UNIT) as u32, Instant(now))
    }

    #[test]
    fn no_time_is_cut_and_the_longest_counts() {
        let micros = Duration::from_micros;
        let nanos = Duration::from_nanos;
        assert_eq!(LONGEST, 33_550_336);
        for time in [0, 1, 999_999, 1_000_000, 1_000_001, 33_000_000, LONGEST] {
            assert_eq!(limited(micros(time)), Some(time as u32));
        }
        for time in [LONGEST + 1, 34_000_000, 1 << 32, u64::MAX] {
            assert_eq!(limited(micros(time)), None);
        }
        assert_eq!(limited(Duration::MAX), None);
        assert_eq!(limited(nanos(1)), Some(1), "it is not over at once");
        assert_eq!(limited(nanos(1_000_999_001)), Some(1_001_000));
        assert_eq!(limited(micros(LONGEST) + nanos(1)), None);
    }

    #[test]
    fn a_deadline_that_has_passed_does_not_come_again() {
        for start in [5 * ROUND + 77, (1 << 32) * DEADLINE_UNIT - 77] {
            let units = start / DEADLINE_UNIT;
            for away in [1, 20, (1 << 15) - 1] {
                let deadline = (units + away) as u16;
                let end = (units + away) * DEADLINE_UNIT;
                for (now, expected) in
                    [(start, deadline), (end - 1, deadline), (end, DEADLINE_OVER)]
                {
                    assert_eq!(later(deadline, start, now), expected, "{away}");
                }
                for rounds in 1..20 {
                    assert_eq!(later(deadline, start, end + rounds * ROUND / 4), DEADLINE_OVER);
                }
            }
            for now in [start, start + ROUND / 2, start + ROUND] {
                assert_eq!(later(DEADLINE_OVER, start, now), DEADLINE_OVER);
            }
        }
    }
}
