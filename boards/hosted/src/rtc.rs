// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{RTC, Registers};
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::rtc::TIME;
use rtcc::{DateTime, DateTimeAccess, NaiveDateTime};

/// Driver of the real-time clock, for the process that owns [`RTC`]. The clock counts UTC, and starts with the time of
/// Linux. To set this clock does not change the time of Linux.
#[derive(Debug)]
pub struct Rtc {
    registers: Registers,
}

impl Rtc {
    /// Creates the driver of the clock in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's clock. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Rtc {
        const OTHERWISE: &str = "there is no real-time clock at these registers";
        Rtc { registers: Registers::of(mmio, &[RTC], OTHERWISE) }
    }
}

impl DateTimeAccess for Rtc {
    type Error = NoCalendar;

    /// Returns the time, to the µs.
    fn datetime(&mut self) -> Result<NaiveDateTime, NoCalendar> {
        let time = i64::try_from(self.registers.read(TIME)).map_err(|_| NoCalendar)?;
        Ok(DateTime::from_timestamp_micros(time).ok_or(NoCalendar)?.naive_utc())
    }

    fn set_datetime(&mut self, time: &NaiveDateTime) -> Result<(), NoCalendar> {
        let time = Word::try_from(time.and_utc().timestamp_micros()).map_err(|_| NoCalendar)?;
        self.registers.write(TIME, time);
        Ok(())
    }
}

/// The time has no date in the calendar, or the clock can't hold it because it is before 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCalendar;
