// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time of day on a board without a clock. It is unknown until a process with the right has set it, and continues
//! over a crash of its process.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use crossgate_clock::{Clock, Error, Fault, SetTime, SoftwareClock, TimeOfDay, now};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// Crashes the process of the clock.
#[interface]
trait Fragile {
    fn crash(&mut self);
}

struct Glass;

impl Fragile for Glass {
    fn crash(&mut self) {
        panic!("a mistake in the process of the clock")
    }
}

crossgate::system! {
    static SYSTEM;
    process clock {
        object clock (stack = 1024): Exclusive<Clock<SoftwareClock>> = Clock::new(SoftwareClock) =>
            [TIME: dyn TimeOfDay, SET_TIME: dyn SetTime];
        thread keeper (priority = 2, stack = 4096) = crossgate_clock::keep(TIME, PAUSE);
        object glass: Exclusive<Glass> = Glass => [GLASS: dyn Fragile];
    }
    process network { thread main (priority = 5, stack = 4096) = network(TIME, SET_TIME, GLASS, GO); }
    process reader {
        notification GO;
        thread main (priority = 4, stack = 4096) = reader(TIME, GO, DONE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

const TODAY: Duration = Duration::from_secs(1_900_000_000);
const PAUSE: Duration = Duration::from_millis(20);
/// The time that a call may take.
const SLACK: Duration = Duration::from_millis(5);

/// Checks the time, which was set to `since` soon after `set`.
fn check(clock: Handle<dyn TimeOfDay>, since: Duration, set: time::Instant) {
    let passed = time::now() - set;
    let Ok(time) = now(clock) else { return expect_that("the time is known", false) };
    expect_that("the time has not stood still", time + SLACK >= since + passed);
    expect_that("the time has not jumped", time <= since + passed + SLACK);
}

fn network(
    clock: Handle<dyn TimeOfDay>,
    set: Handle<dyn SetTime>,
    glass: Handle<dyn Fragile>,
    go: Signal,
) -> ! {
    expect("nobody has set the time", now(clock), Err(Error::NotSet));
    expect("a time that no calendar has", set.set(Duration::from_micros(u64::MAX)), Ok(Err(Fault)));
    let start = time::now();
    expect("a time", set.set(TODAY), Ok(Ok(())));
    time::sleep(PAUSE);
    check(clock, TODAY, start);
    expect("a crash", glass.crash(), Err(CallError::ServerFaulted));
    time::sleep(PAUSE);
    check(clock, TODAY, start);
    let start = time::now();
    expect("an earlier time", set.set(TODAY / 2), Ok(Ok(())));
    check(clock, TODAY / 2, start);
    expect("signal", go.signal(), Ok(()));
    thread::exit()
}

fn reader(clock: Handle<dyn TimeOfDay>, go: Notification, done: Signal) -> ! {
    go.wait();
    let status = raw::call(raw::service(&SYSTEM, "SET_TIME"), 0, [7, 0, 0, 0]).error();
    expect("a reader may not set the time", status, Some(CallError::NotPermitted));
    expect_that("the time is known", now(clock).is_ok_and(|time| time >= TODAY / 2));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("clock", Cause::Panic);
    done.wait();
    watch.expect_no_more();
    pass()
}
