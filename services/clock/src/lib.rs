// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time of day as a service. One process owns the real-time clock. The wiring says which processes may read it, and
//! which may set it.
//!
//! | object | over | interface |
//! |---|---|---|
//! | [`Clock`] | a [`DateTimeAccess`] of `rtcc`: the driver of a clock, on the chip or on a bus; or [`SoftwareClock`] | [`TimeOfDay`], [`SetTime`] |
//!
//! ```ignore
//! process clock {
//!     mmio RTC;
//!     object clock (stack = 768): Exclusive<Clock<Rtc>> = Clock::new(Rtc::new(RTC)) =>
//!         [TIME: dyn TimeOfDay, SET_TIME: dyn SetTime];
//! }
//! process network { thread main (priority = 2, stack = 4096) = network::main(SET_TIME); }
//! process archive { thread main (priority = 1, stack = 2048) = archive::main(TIME); }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::testing::Wiring;
//! use crossgate_clock::{Clock, Error, SetTime, SoftwareClock, TimeOfDay, now};
//! use rtcc::DateTime;
//!
//! # let wiring = Wiring::new();
//! # let home = wiring.process("clock");
//! # let clock = home.serve::<dyn TimeOfDay, _>(Clock::new(SoftwareClock));
//! # let set = home.serve::<dyn SetTime, _>(Clock::new(SoftwareClock));
//! # wiring.run(|| {
//! assert_eq!(now(clock), Err(Error::NotSet));
//! set.set(Duration::from_secs(1_900_000_000))??;
//! let time = now(clock)?;
//! let date = DateTime::from_timestamp(time.as_secs() as i64, time.subsec_nanos()).unwrap();
//! assert!(date.to_string().starts_with("2030-03-17 17:46:40"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! The time of day may jump back when it is set. To measure a duration or to set a deadline, use
//! [`crossgate::time::now`], which never jumps.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod software;

pub use software::{NotSet, SoftwareClock};

use core::fmt;
use core::time::Duration;
use crossgate::{CallError, Handle, Wire, interface};
use rtcc::{DateTime, DateTimeAccess, NaiveDateTime};

/// The driver of the clock had an error, or the clock can't store this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the clock does not take the time")
    }
}

impl core::error::Error for Fault {}

/// The interface of a process that may read the time of day. Clients call it through the function [`now`].
#[interface]
pub trait TimeOfDay {
    /// Returns the time since 1970-01-01 00:00:00 UTC, to the µs; 0 if the clock does not know the time.
    fn since_1970(&mut self) -> Duration;
}

/// The interface of a process that may set the time of day.
#[interface]
pub trait SetTime {
    /// Sets the time since 1970-01-01 00:00:00 UTC.
    fn set(&mut self, time: Duration) -> Result<(), Fault>;
}

/// The reason why the time of day is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The clock has not been set since its power came on, or its driver had an error.
    NotSet,
    /// The call failed. After [`CallError::ServerFaulted`] the process of the clock restarts, so the caller may try
    /// again.
    Call(CallError),
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Error {
        Error::Call(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotSet => formatter.write_str("the clock has not been set"),
            Error::Call(error) => write!(formatter, "the call to the clock failed: {error}"),
        }
    }
}

impl core::error::Error for Error {}

/// Returns the time since 1970-01-01 00:00:00 UTC, to the µs.
///
/// # Errors
/// If the clock does not know the time, or if the call fails.
pub fn now(clock: Handle<dyn TimeOfDay>) -> Result<Duration, Error> {
    let time = clock.since_1970()?;
    if time.is_zero() { Err(Error::NotSet) } else { Ok(time) }
}

/// A clock: the service object of the process that owns the clock.
#[derive(Debug)]
pub struct Clock<R>(R);

impl<R: DateTimeAccess> Clock<R> {
    /// Creates the object of the clock with this driver. The clock must count UTC.
    #[must_use]
    pub const fn new(driver: R) -> Self {
        Clock(driver)
    }
}

impl<R: DateTimeAccess> TimeOfDay for Clock<R> {
    fn since_1970(&mut self) -> Duration {
        let time = self.0.datetime().ok();
        time.as_ref().and_then(since_epoch).unwrap_or(Duration::ZERO)
    }
}

impl<R: DateTimeAccess> SetTime for Clock<R> {
    fn set(&mut self, time: Duration) -> Result<(), Fault> {
        let time = from_epoch(time).ok_or(Fault)?;
        self.0.set_datetime(&time).map_err(|_| Fault)
    }
}

/// Reads the clock once in each `interval`, so that a [`SoftwareClock`] can detect a reset of the system. This is the
/// main function of a thread of the clock's process.
pub fn keep(clock: Handle<dyn TimeOfDay>, interval: Duration) -> ! {
    loop {
        let _ = clock.since_1970();
        crossgate::time::sleep(interval);
    }
}

/// Returns the time since 1970; `None` if the date is before 1970, or after the year 584,542. (The two result words of
/// a call can't hold a later time.)
fn since_epoch(time: &NaiveDateTime) -> Option<Duration> {
    u64::try_from(time.and_utc().timestamp_micros()).ok().map(Duration::from_micros)
}

/// Returns a time since 1970 as a date, if there is one.
fn from_epoch(time: Duration) -> Option<NaiveDateTime> {
    let seconds = i64::try_from(time.as_secs()).ok()?;
    Some(DateTime::from_timestamp(seconds, time.subsec_nanos())?.naive_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    /// A fake clock chip on a bus: it counts whole seconds, and the bus may have errors.
    struct Chip(Option<NaiveDateTime>, &'static AtomicBool);

    impl DateTimeAccess for Chip {
        type Error = ();

        fn datetime(&mut self) -> Result<NaiveDateTime, ()> {
            if self.1.load(Relaxed) { Err(()) } else { self.0.ok_or(()) }
        }
        fn set_datetime(&mut self, time: &NaiveDateTime) -> Result<(), ()> {
            self.0 = Some(*time);
            if self.1.load(Relaxed) { Err(()) } else { Ok(()) }
        }
    }

    #[test]
    fn a_clock_is_read_and_set() {
        static BROKEN: AtomicBool = AtomicBool::new(false);
        let mut clock = Clock::new(Chip(None, &BROKEN));
        assert_eq!(clock.since_1970(), Duration::ZERO);
        for time in [1, 1_600_000_000_123_456, 4_102_444_800_000_000].map(Duration::from_micros) {
            assert_eq!((clock.set(time), clock.since_1970()), (Ok(()), time));
        }
        assert_eq!(clock.set(Duration::from_micros(u64::MAX)), Err(Fault), "no calendar has it");
        BROKEN.store(true, Relaxed);
        assert_eq!(
            (clock.set(Duration::from_secs(1)), clock.since_1970()),
            (Err(Fault), Duration::ZERO)
        );
    }

    #[test]
    fn what_is_before_1970_is_not_known() {
        static BROKEN: AtomicBool = AtomicBool::new(false);
        let before = DateTime::from_timestamp(-1, 0).map(|time| time.naive_utc());
        let wiring = Wiring::new();
        let clock: Handle<dyn TimeOfDay> = wiring.serve(Clock::new(Chip(before, &BROKEN)));
        wiring.run(|| assert_eq!(now(clock), Err(Error::NotSet)));
    }
}
