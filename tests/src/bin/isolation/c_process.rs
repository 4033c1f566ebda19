// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process in C serves, calls, waits, signals and writes to a log. It crashes by a wild pointer and by an assertion,
//! and restarts with the initial values of its statics and of its library's statics, while the other processes
//! continue.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::Lease;
use crossgate::sync::Mutex;
use crossgate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crossgate::time;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, LeaseMut, Notification, Signal, interface,
};
use crossgate_abi::Cause;
use crossgate_log::{Level, Log};
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
        // The same C library.
        filter::filter_add(100);
        filter::filter_counted()
    }
}

/// The lines of a log.
#[interface]
trait Lines {
    /// Copies the number of the level of the next line, and then the line. Returns the length, or 0 if there is no
    /// line.
    fn next(&self, to: LeaseMut<'_, [u8]>) -> u32;
}

/// A log of short lines.
struct Paper {
    lines: Mutex<[[u8; 12]; 4]>,
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Paper {
    const fn new() -> Paper {
        let lines = Mutex::new([[0; 12]; 4]);
        Paper { lines, written: AtomicUsize::new(0), read: AtomicUsize::new(0) }
    }
}

impl Log for Paper {
    fn write(&self, level: Level, text: Lease<'_, [u8]>) {
        let mut line = [0; 12];
        line[0] = b'0' + level as u8;
        for (place, byte) in line[1..].iter_mut().zip(text.iter()) {
            *place = byte;
        }
        self.lines.lock()[self.written.fetch_add(1, Relaxed)] = line;
    }
}

impl Lines for Paper {
    fn next(&self, mut to: LeaseMut<'_, [u8]>) -> u32 {
        let next = self.read.load(Relaxed);
        if next == self.written.load(Relaxed) {
            return 0;
        }
        self.read.store(next + 1, Relaxed);
        let line = self.lines.lock()[next];
        let copied = line.iter().take_while(|&&byte| byte != 0).enumerate();
        copied.filter(|&(index, &byte)| to.set(index, byte)).count() as u32
    }
}

crossgate::system! {
    static SYSTEM;
    process heater {
        notification START;
        object burner: Exclusive<Heater> = Heater => [HEATING: dyn Heating];
        thread main (priority = 2, stack = 2048) = heater::main(SENSOR, LOG, START, DONE);
    }
    process sensor { object steps: Exclusive<Steps> = Steps(0) => [SENSOR: dyn Sensor]; }
    process printer {
        object paper: Concurrent<Paper> = Paper::new() => [LOG: dyn Log, LINES: dyn Lines];
    }
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 3, stack = 2048) = witness(HEATING, START, DONE, SENSOR, LINES, FAULTED);
    }
}
board::start!(SYSTEM);

fn witness(
    heating: Handle<dyn Heating>,
    start: Signal,
    done: Notification,
    sensor: Handle<dyn Sensor>,
    lines: Handle<dyn Lines>,
    faulted: Notification,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let other = probe::memory_of(&SYSTEM, "sensor");
    expect_that("the sensor has memory", !other.is_empty());
    for (count, (address, cause)) in (1..).zip([(other.start, Cause::Access), (0, Cause::Panic)]) {
        expect("the first value", heating.set(21), Ok(18));
        expect("the next value", heating.set(22), Ok(21));
        expect("the mean", heating.filtered(60), Ok(30));
        expect("the static of the library", heating.count(), Ok(1));
        expect("starts", start.signal(), Ok(()));
        expect("the process has read", done.wait_timeout(Duration::from_secs(1)), Ok(()));
        expect("the readings", heating.readings(), Ok(4 + 8 + 12 + 16));
        let mut line = [0; 12];
        for expected in ["34 samples", "1a constant", ""] {
            let length = lines.next(&mut line).map_or(usize::MAX, |it| it as usize);
            expect(
                "a line of the log",
                str::from_utf8(line.get(..length).unwrap_or(&[])),
                Ok(expected),
            );
        }

        expect("a crash", heating.crash(address), Err(CallError::ServerFaulted));
        let record = watch.expect("heater", cause);
        if cause == Cause::Access {
            expect("the address", record.address, address);
        }
        // The process restarts as soon as no more urgent thread runs.
        time::sleep(Duration::from_millis(200));
        expect("the statics, after the restart", heating.readings(), Ok(0));
        expect("the statics of the sensor's library", sensor.calibrate(&[]), Ok(count));
        expect("the statics of the library", heating.count(), Ok(0));
    }
    watch.expect_no_more();
    pass()
}
