// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real-time clock of the hosted board, used through the service: it starts with the time of Linux, and can be set.

use board::{RTC, Rtc};
use core::time::Duration;
use crossgate::{Exclusive, Handle, time};
use crossgate_clock::{Clock, SetTime, TimeOfDay, now};
use system_tests::report::{expect, expect_that, pass};

crossgate::system! {
    static SYSTEM;
    process clock {
        mmio RTC;
        object clock (stack = 2048): Exclusive<Clock<Rtc>> = Clock::new(Rtc::new(RTC)) =>
            [TIME: dyn TimeOfDay, SET_TIME: dyn SetTime];
    }
    process client { thread main (priority = 5, stack = 8192) = client(TIME, SET_TIME); }
}
board::start!(SYSTEM);

/// 2026-01-01 and 2100-01-01.
const PLAUSIBLE: core::ops::Range<u64> = 1_767_225_600..4_102_444_800;

fn client(clock: Handle<dyn TimeOfDay>, set: Handle<dyn SetTime>) -> ! {
    let first = now(clock).map_or(0, |time| time.as_secs());
    expect_that("the time is plausible", PLAUSIBLE.contains(&first));
    let noon = Duration::from_secs(1_900_000_000);
    expect("a time", set.set(noon), Ok(Ok(())));
    let start = time::now();
    time::sleep(Duration::from_secs(3));
    let passed = time::now() - start;
    let time = now(clock).unwrap_or(Duration::ZERO);
    expect_that("the clock goes on", time >= noon + passed);
    expect_that(
        "the clock keeps pace with the firmware's time",
        time <= noon + passed + Duration::from_secs(1),
    );
    pass()
}
