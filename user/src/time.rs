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
/// When the time is over, the wait for an object or a notification that such a call is in fails: the
/// server gets [`TimedOut`](crate::notification::TimedOut) from `wait_timeout`, or
/// [`CallError::DeadlineExceeded`] from a call of its own, and can return what it has. If the call is
/// still not over 10 ms later, the server is stopped where it is, which is a crash of it (so it begins
/// anew); the call fails with [`CallError::DeadlineExceeded`]. A server that returns within that time,
/// whatever it is doing when the wait fails or would fail, is never stopped.
///
/// Of several times, those of callers included, the nearest counts. They are precise to about 1 ms; one
/// of more than 33 s is none. The wiring of the process has to say `deadlines;`, because who has this
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
    const LONGEST: u64 = ((1 << 15) - 2) * LIMIT_UNIT;
    let time = microseconds(time);
    if time > LONGEST {
        return calls();
    }
    // Rounded up; 0 and `LIMIT_OVER`, which come one after the other, are no times.
    let mut limit = (now().0 + time).div_ceil(LIMIT_UNIT) as u16;
    if limit.wrapping_sub(LIMIT_OVER) <= 1 {
        limit = 1;
    }
    let before = set_limit(limit)?;
    if before == LIMIT_OVER || before != 0 && (before.wrapping_sub(limit) as i16) < 0 {
        set_limit(before)?;
    }
    let result = calls();
    set_limit(before)?;
    result
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
