// SPDX-License-Identifier: MIT OR Apache-2.0
//! Software timers. A process has a thousand timers on one thread (on Linux, where there is more memory, thousands),
//! which expire in time and without drift. Clients of the timer service can't see or stop timers of others.
//!
//! The limits of lateness hold only if the emulator counts instructions, as under `cargo xtask test`.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::time::{self, Instant};
use crossgate::{Concurrent, Handle, Notification, Signal};
use crossgate_timer::{SHORTEST, Timer, TimerError};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;
use timers::{Alarms, Expire, Expired, Full, Timers};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The number of timers in one process. The board has 64 KiB.
const COUNT: usize = if cfg!(target_os = "none") { 1000 } else { 3000 };

/// The size of a stack, which is larger without optimisation.
const STACK: usize = if cfg!(target_os = "none") { 2048 } else { 16_384 };
/// True on boards, where time does not jump. On Linux it may.
const IN_TIME: bool = cfg!(target_os = "none");

/// The largest lateness otherwise, in µs.
const LATEST: u32 = 20;
/// The period of the first timer, in µs.
const PERIOD: u32 = 10_000;

/// The timers of one process.
struct Many {
    timers: Timers<u16, COUNT>,
    /// The time at which each timer expires next, in µs since start.
    due: [AtomicU32; COUNT],
    /// The number of timers that have expired, each counted once.
    expired: AtomicU32,
    /// The number of times that the first timer has expired.
    periods: AtomicU32,
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process many {
        notification CHANGED;
        notification STARTED;
        object many: Concurrent<Many> = Many {
            timers: Timers::new(CHANGED),
            due: [const { AtomicU32::new(0) }; COUNT],
            expired: AtomicU32::new(0),
            periods: AtomicU32::new(0),
        } => [];
        thread runner (priority = 9, stack = STACK) = many.timers.run(|timer| many.count(timer));
        thread starter (priority = 8, stack = STACK) = start(&many, [BEGIN, FLOOD]);
    }
    process service {
        notification SERVICE_CHANGED;
        object first: Concurrent<Alarms<4>> = Alarms::new(ALARM, SERVICE_CHANGED) => [FIRST: dyn Timer];
        object second: Concurrent<Alarms<2>> = Alarms::new(HOSTILE_ALARM, SERVICE_CHANGED) => [SECOND: dyn Timer];
        thread main (priority = 20, stack = STACK) =
            timers::serve([&*first as &dyn Expire, &*second as &dyn Expire], SERVICE_CHANGED);
    }
    process client {
        notification ALARM;
        notification BEGIN;
        thread main (priority = 10, stack = STACK) = client(FIRST, ALARM, BEGIN);
    }
    process hostile {
        notification HOSTILE_ALARM;
        notification FLOOD;
        thread main (priority = 5, stack = STACK) = flood(SECOND, FLOOD);
    }
}
board::start!(SYSTEM);

/// Returns the present time in µs since start.
fn now() -> u32 {
    time::now().as_micros() as u32
}

impl Many {
    fn count(&self, timer: Expired<u16>) {
        let Some(due) = self.due.get(usize::from(timer.value)) else {
            broken("has made up a timer")
        };
        let late = now().wrapping_sub(due.load(Relaxed));
        expect_that("the timer does not expire early", late < u32::MAX / 2);
        expect_that("in time", !IN_TIME || late < LATEST);
        if timer.value == 0 {
            expect_that("no period is missed", !IN_TIME || timer.missed == 0);
            let periods = 1 + timer.missed as u32;
            // The periods count from the timer's start, not from the time at which the last end was noticed.
            due.fetch_add(periods * PERIOD, Relaxed);
            self.periods.fetch_add(periods, Relaxed);
        } else {
            self.expired.fetch_add(1, Relaxed);
        }
    }
}

fn start(many: &Many, begin: [Signal; 2]) -> ! {
    let begun = time::now();
    let mut last = None;
    for (number, due) in (0_u16..).zip(&many.due) {
        // The timers expire in no order, and the first timer is periodic.
        let after = if number == 0 { PERIOD } else { 30_000 + u32::from(number) * 7919 % 100_000 };
        due.store(now() + after, Relaxed);
        let time = Duration::from_micros(after.into());
        let started = match number {
            0 => many.timers.start_periodic(time, number),
            _ => many.timers.start(time, number),
        };
        match started {
            Ok(id) => last = Some(id),
            Err(Full) => broken("finds no room for a timer"),
        }
    }
    expect_that(
        "there is no room for more",
        !IN_TIME || many.timers.start(MILLISECOND, 1) == Err(Full),
    );
    let Some(last) = last else { broken("has started no timer") };
    let is_stopped = [many.timers.cancel(last), many.timers.cancel(last)].map(|it| it.is_some());
    expect_that("a timer is stopped", !IN_TIME || is_stopped == [true, false]);
    time::sleep_until(begun + Duration::from_millis(255));
    let wanted = COUNT as u32 - 1 - u32::from(is_stopped[0]);
    // If time jumps, timers may be late.
    while !IN_TIME && many.expired.load(Relaxed) < wanted {
        time::sleep(MILLISECOND);
    }
    expect("the number of timers that have expired", many.expired.load(Relaxed), wanted);
    let periods = (time::now() - begun).as_micros() as u32 / PERIOD;
    let counted = many.periods.load(Relaxed);
    // If time jumps, it may have jumped before the timer was started, and after the timer was checked.
    expect_that("without drift", !IN_TIME || counted == periods);
    expect_that("periods", counted >= if IN_TIME { 25 } else { 1 });
    expect("signals", begin.map(|it| it.signal()), [Ok(()); 2]);
    crossgate::thread::exit()
}

/// Uses all methods that it may call, and others.
fn flood(timer: Handle<dyn Timer>, begin: Notification) -> ! {
    begin.wait();
    expect("too short", timer.start_periodic(0, SHORTEST / 2), Ok(Err(TimerError::TooShort)));
    loop {
        for number in [0, 1, 2, 3, u16::MAX] {
            let expected = if number < 2 { Ok(()) } else { Err(TimerError::NoSuchTimer) };
            expect("its own", timer.start(number, Duration::ZERO), Ok(expected));
            expect("its own", timer.start(number, Duration::MAX), Ok(expected));
            expect("its own", timer.start_periodic(number, SHORTEST), Ok(expected));
        }
        expect_that("no timer of others", !matches!(timer.next_expired(), Ok(Some(2..)) | Err(_)));
    }
}

fn client(timer: Handle<dyn Timer>, alarm: Notification, begin: Notification) -> ! {
    begin.wait();
    let begun = time::now();
    expect("periodic", timer.start_periodic(0, 10 * MILLISECOND), Ok(Ok(())));
    expect("once", timer.start(1, 35 * MILLISECOND), Ok(Ok(())));
    expect("never", timer.start(2, 15 * MILLISECOND), Ok(Ok(())));
    let is_stopped = timer.cancel(2);
    expect_that("it runs", is_stopped == Ok(true) || (!IN_TIME && is_stopped == Ok(false)));
    let mut order = 0_u32;
    while order < 0x1_0000 {
        expect("an alarm", alarm.wait_timeout(1000 * MILLISECOND), Ok(()));
        while let Ok(Some(number)) = timer.next_expired() {
            order = order << 4 | (u32::from(number) + 1);
            expect_that("the timer expires at its time", is_in_time(begun, order));
        }
    }
    expect_that("a stopped timer never expires", is_stopped == Ok(false) || !holds(order, 3));
    expect_that("the other timers have expired", holds(order, 1) && holds(order, 2));
    expect("clear", timer.clear(), Ok(()));
    // A signal of an earlier timer.
    let _ = alarm.try_wait();
    expect("none runs", (timer.cancel(0), timer.next_expired()), (Ok(false), Ok(None)));
    expect("no further alarm", alarm.wait_timeout(15 * MILLISECOND).is_err(), true);
    pass()
}

/// Returns `true` if a digit is in a number.
fn holds(order: u32, digit: u32) -> bool {
    (0..8).any(|place| order >> (4 * place) & 15 == digit)
}

/// Returns `true` if the timer of the last digit may have expired by now, after those before.
fn is_in_time(begun: Instant, order: u32) -> bool {
    let due = match (order, order & 15) {
        (_, 2) => 35,
        (0x1_1121, _) => 40,
        (1, _) => 10,
        (0x11, _) => 20,
        (0x111, _) => 30,
        _ => 0,
    };
    let after = (time::now() - begun).as_micros() as u32;
    after >= 1000 * due && (!IN_TIME || after < 1000 * due + LATEST)
}
