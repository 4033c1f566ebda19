// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process in C serves, calls, waits and signals; it crashes by a wild pointer and by an assertion, and restarts
//! with its statics and those of its library as they were at first, while the others go on.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::Lease;
use crossgate::time;
use crossgate::{CallError, Exclusive, Handle, LeaseMut, Notification, Signal};
use crossgate_abi::Cause;
use heater::{Heater, Heating};
use meter::Sensor;
use system_tests::probe;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// Measures in steps that its client sets.
struct Steps(u32);

impl Sensor for Steps {
    fn set_step(&mut self, step: u32) -> Result<u32, u32> {
        self.0 = step;
        Ok(step)
    }
    fn samples(&self, mut to: LeaseMut<'_, [u16]>) -> u32 {
        let sample = |index: usize| (index + 1) as u16 * self.0 as u16;
        (0..to.len()).filter(|&index| to.set(index, sample(index))).count() as u32
    }
    fn calibrate(&mut self, _: Lease<'_, [u16]>) -> u32 {
        // The same library in C.
        filter::filter_add(100);
        filter::filter_counted()
    }
}

crossgate::system! {
    static SYSTEM;
    process heater {
        notification START;
        object burner: Exclusive<Heater> = Heater => [HEATING: dyn Heating];
        thread main (priority = 2, stack = 2048) = heater::main(SENSOR, START, DONE);
    }
    process sensor { object steps: Exclusive<Steps> = Steps(0) => [SENSOR: dyn Sensor]; }
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 3, stack = 2048) = witness(HEATING, START, DONE, SENSOR, FAULTED);
    }
}
board::start!(SYSTEM);

fn witness(
    heating: Handle<dyn Heating>,
    start: Signal,
    done: Notification,
    sensor: Handle<dyn Sensor>,
    faulted: Notification,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let other = probe::memory_of(&SYSTEM, "sensor");
    expect_that("the sensor has memory", !other.is_empty());
    for (count, (address, cause)) in (1..).zip([(other.start, Cause::Access), (0, Cause::Panic)]) {
        expect("the first value", heating.set(21), Ok(18));
        expect("the next value", heating.set(22), Ok(21));
        expect("the mean", heating.filtered(60), Ok(30));
        expect("the common static", heating.count(), Ok(1));
        expect("starts", start.signal(), Ok(()));
        expect("it has read", done.wait_timeout(Duration::from_secs(1)), Ok(()));
        expect("the readings", heating.readings(), Ok(4 + 8 + 12 + 16));

        expect("a crash", heating.crash(address), Err(CallError::ServerFaulted));
        let record = watch.expect("heater", cause);
        if cause == Cause::Access {
            expect("the address", record.address, address);
        }
        // The process restarts when no more urgent thread runs.
        time::sleep(Duration::from_millis(200));
        expect("the statics, anew", heating.readings(), Ok(0));
        expect("those of the sensor's library", sensor.calibrate(&[]), Ok(count));
        expect("those of the library", heating.count(), Ok(0));
    }
    watch.expect_no_more();
    pass()
}
