// SPDX-License-Identifier: MIT OR Apache-2.0
use core::time::Duration;
use crossgate::time;
use crossgate::{Plain, kept};
use rtcc::{DateTimeAccess, NaiveDateTime};

use crate::{from_epoch, since_epoch};

kept! {
    static SETTING: Setting;
}

/// The setting of the clock, which is kept over a reset. Times are in µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Plain)]
#[repr(C)]
struct Setting {
    /// The time since 1970 at which the kernel started. The value wraps around if the kernel started before 1970.
    start: u64,
    /// The kernel's time at the last use of the clock. The setting was right then.
    seen: u64,
}

/// A clock for a board without one: the kernel's time, counted from the moment when the clock is set. After power-on,
/// and after a reset of the system, the clock is not set.
///
/// Its setting is [kept](crossgate::kept!), so it survives a crash of its process to the µs. After a reset of the
/// system the kernel's time starts at 0 again, so the clock would be slow with the kept setting. The clock detects the
/// reset because the kernel's time is now less than at the last use of the clock. So a thread of the clock's process
/// has to use the clock regularly: see [`keep`](crate::keep). (Example of a reset that is not detected: the clock was
/// last used 1 s after the start, and is first used 2 s after the reset. The clock is then slow.)
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareClock;

/// The clock has not been set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSet;

fn now() -> u64 {
    time::now().as_micros()
}

impl Setting {
    /// Returns the time since 1970, and the setting to keep; `None` if the system was reset since the setting was made.
    fn at(self, now: u64) -> Option<(Duration, Setting)> {
        let time = Duration::from_micros(self.start.wrapping_add(now));
        (now >= self.seen).then_some((time, Setting { seen: now, ..self }))
    }
}

impl DateTimeAccess for SoftwareClock {
    type Error = NotSet;

    fn datetime(&mut self) -> Result<NaiveDateTime, NotSet> {
        let Some((time, setting)) = SETTING.get().and_then(|setting| setting.at(now())) else {
            SETTING.clear();
            return Err(NotSet);
        };
        SETTING.set(setting);
        from_epoch(time).ok_or(NotSet)
    }

    fn set_datetime(&mut self, time: &NaiveDateTime) -> Result<(), NotSet> {
        let (time, seen) = (since_epoch(time).ok_or(NotSet)?, now());
        SETTING.set(Setting { start: (time.as_micros() as u64).wrapping_sub(seen), seen });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_of_before_a_reset_is_known() {
        let setting = Setting { start: 1_000, seen: 50 };
        let at = |time, seen| Some((Duration::from_micros(time), Setting { start: 1_000, seen }));
        assert_eq!(setting.at(50), at(1_050, 50));
        assert_eq!(setting.at(70), at(1_070, 70));
        assert_eq!(setting.at(49), None);
        let early = Setting { start: 0_u64.wrapping_sub(10), seen: 10 };
        assert_eq!(early.at(12).map(|(time, _)| time), Some(Duration::from_micros(2)));
    }
}
