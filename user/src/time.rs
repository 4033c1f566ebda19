//! Time since start.

use crate::arch::system_call;
use crate::call::failure;
use core::ops::{Add, Sub};
use core::time::Duration;
use crossgate_abi::{CallError, LIMIT_OVER, LIMIT_UNIT, Word, number};

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

/// Makes calls that have to end in time.
///
/// When the time is over (one of 0 is so at once), no call is entered: each fails with
/// [`CallError::DeadlineExceeded`]. And the wait for an object or a notification that a call is in fails: the
/// server gets [`TimedOut`](crate::notification::TimedOut) from `wait_timeout`, or
/// [`CallError::DeadlineExceeded`] from a call of its own, and can return what it has. If the call is
/// still not over 10 ms later, the server is stopped where it is, which is a crash of it (so it begins
/// anew); the call fails with [`CallError::DeadlineExceeded`]. A server that returns within that time,
/// whatever it is doing when the wait fails or would fail, is never stopped.
///
/// Of several times, those of callers included, the nearest counts. They are over 0 to 1023 µs late, and every 67 s
/// one to 3 ms; one of more than 33,550,336 µs is none. The wiring of the process has to say `deadlines;`, because who has this
/// right can stop a server that is slow. On a host nothing ends a call.
///
/// ```
/// # use crossgate::{CallError, Handle, host, interface, time};
/// use core::time::Duration;
/// # #[interface] pub trait Temperature { fn get(&self) -> i32; }
/// # struct Sensor; impl Temperature for Sensor { fn get(&self) -> i32 { 215 } }
/// fn read(sensor: Handle<dyn Temperature>) -> Result<i32, CallError> {
///     time::with_deadline(Duration::from_millis(20), || sensor.get())
/// }
/// # assert_eq!(read(host::serve(Sensor)), Ok(215));
/// ```
///
/// # Errors
/// What `calls` returns; or [`CallError::NotPermitted`], before it runs, if the wiring does not say
/// `deadlines;`.
pub fn with_deadline<T, E: From<CallError>>(
    time: Duration,
    calls: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let time = microseconds(time);
    if time > LONGEST {
        return calls();
    }
    let start = now().0;
    let limit = if time == 0 { LIMIT_OVER } else { limit_at(start + time) };
    let before = set_limit(limit)?;
    if before != 0 && is_nearer(before, limit) {
        set_limit(before)?;
    }
    let result = calls();
    set_limit(if before == 0 { 0 } else { after_a_while(before, start, now().0) })?;
    result
}

/// The longest time that counts, in µs: its limit is less than 2^15 units away, even if it moves by two.
const LONGEST: u64 = ((1 << 15) - 4) * LIMIT_UNIT;

/// The limit that is over at `end` (µs since start), or less than [`LIMIT_UNIT`] after it. 0 and `LIMIT_OVER`,
/// which come one after the other, are no times: instead of them it is the next.
const fn limit_at(end: u64) -> u16 {
    let limit = end.div_ceil(LIMIT_UNIT) as u16;
    if limit.wrapping_sub(LIMIT_OVER) <= 1 { 1 } else { limit }
}

/// Whether the limit that was in force `before`, if there was one, is nearer than another one.
const fn is_nearer(before: u16, limit: u16) -> bool {
    limit != LIMIT_OVER && (before == LIMIT_OVER || (before.wrapping_sub(limit) as i16) < 0)
}

/// A limit that was in force at `start`, as it is `now`: one that has passed would seem to come, once it is
/// long ago.
#[cold]
fn after_a_while(limit: u16, start: u64, now: u64) -> u16 {
    let (start, now) = (start / LIMIT_UNIT, now / LIMIT_UNIT);
    let left = limit.wrapping_sub(start as u16) as i16 as i64;
    if left > (now - start) as i64 { limit } else { LIMIT_OVER }
}

/// Has calls end until then, in [`LIMIT_UNIT`]; 0: whenever they like. Tells what was in force before.
fn set_limit(until: u16) -> Result<u16, CallError> {
    let reply = system_call(number::LIMIT, [until.into()]);
    if reply.status == 0 { Ok(reply.words[0] as u16) } else { Err(failure(reply.status)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many µs after `end` its limit is over.
    fn lateness(end: u64) -> u64 {
        let limit = limit_at(end);
        assert!(limit != 0 && limit != LIMIT_OVER, "{end}");
        let units = limit.wrapping_sub((end / LIMIT_UNIT) as u16);
        u64::from(units) * LIMIT_UNIT - end % LIMIT_UNIT
    }

    /// The lower 16 bits of the units come round here.
    const ROUND: u64 = (1 << 16) * LIMIT_UNIT;

    #[test]
    fn a_limit_is_over_when_the_book_says() {
        for round in [0, ROUND, 9 * ROUND] {
            // `LIMIT_OVER` and 0 are left out: the last unit of a round, and the first of the next.
            let (first, last) = (round + ROUND - 2 * LIMIT_UNIT + 1, round + ROUND);
            for end in first - 3 * LIMIT_UNIT..last + 3 * LIMIT_UNIT {
                let late = lateness(end);
                if end < first || end > last {
                    assert!(late < LIMIT_UNIT, "{late} at {end}");
                } else {
                    assert_eq!(end + late, round + ROUND + LIMIT_UNIT, "{end}");
                }
            }
            assert_eq!((lateness(first), lateness(last)), (3 * LIMIT_UNIT - 1, LIMIT_UNIT));
        }
    }

    #[test]
    fn the_longest_time_has_not_passed_already() {
        for start in (0..ROUND).step_by(100).chain(ROUND - 5 * LIMIT_UNIT..ROUND) {
            for time in [1, LONGEST] {
                let limit = limit_at(start + time);
                let left = limit.wrapping_sub((start / LIMIT_UNIT) as u16) as i16;
                assert!(
                    left >= i16::from(start % LIMIT_UNIT + time > LIMIT_UNIT),
                    "{time} at {start}"
                );
                assert!(is_nearer(LIMIT_OVER, limit));
                assert!(!is_nearer(limit, limit));
            }
            let (near, far) = (limit_at(start + 1), limit_at(start + LONGEST));
            assert!(is_nearer(near, far) && !is_nearer(far, near));
            assert!(!is_nearer(near, LIMIT_OVER) && !is_nearer(LIMIT_OVER, LIMIT_OVER));
        }
    }

    #[test]
    fn a_limit_that_has_passed_does_not_come_again() {
        let start = 5 * ROUND + 77;
        for time in [1, 20_000, LONGEST] {
            let limit = limit_at(start + time);
            let end = start + time + lateness(start + time);
            for (now, expected) in [(start, limit), (end - 1, limit), (end, LIMIT_OVER)] {
                assert_eq!(after_a_while(limit, start, now), expected, "{time}");
            }
            for rounds in 1..20 {
                assert_eq!(after_a_while(limit, start, end + rounds * ROUND / 4), LIMIT_OVER);
            }
        }
        for now in [start, start + ROUND / 2, start + ROUND] {
            assert_eq!(after_a_while(LIMIT_OVER, start, now), LIMIT_OVER);
        }
    }
}
