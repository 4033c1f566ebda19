//! Software timers: hundreds on one thread of a process, in time and without drift; and those of the timer service, whose
//! clients neither see nor stop each other's.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;
use crossgate::time::{self, Instant};
use crossgate::{Concurrent, Handle, Notification, Signal};
use crossgate_timer::{SHORTEST, Timer, TimerError};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;
use timers::{Alarms, Expire, Expired, Full, Timers};

const MILLISECOND: Duration = Duration::from_millis(1);
/// How many timers run in one process.
const COUNT: u32 = 300;

/// Without optimisation it takes more.
const STACK: usize = if cfg!(target_os = "none") { 2048 } else { 16_384 };
/// On Linux the time may leap.
const IN_TIME: bool = cfg!(target_os = "none");

/// How late one may be otherwise, in µs: the emulator is not alone on its machine.
const LATEST: u64 = 50_000;

/// A timer, and when it is to expire for the first time.
type Many = Timers<(u32, u64), { COUNT as usize }>;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process many {
        notification CHANGED;
        notification STARTED;
        object timers: Concurrent<Many> = Timers::new(CHANGED) => [];
        object expired: Concurrent<AtomicU32> = AtomicU32::new(0) => [];
        thread runner (priority = 9, stack = STACK) = timers.run(|timer| count(&expired, timer));
        thread starter (priority = 8, stack = STACK) = start(&timers, &expired, BEGIN);
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
        thread main (priority = 5, stack = STACK) = flood(SECOND);
    }
}
board::start!(SYSTEM);

/// A one-shot timer adds 1, a periodic one 1000.
fn count(expired: &AtomicU32, timer: Expired<(u32, u64)>) {
    let (number, due) = timer.value;
    let now = time::now().as_micros();
    expect_that("not before its time", now >= due);
    expect_that("in time", !IN_TIME || number == 0 || now < due + LATEST);
    expired.fetch_add(if number == 0 { 1000 * (1 + timer.missed as u32) } else { 1 }, Relaxed);
}

fn start(timers: &Many, expired: &AtomicU32, begin: Signal) -> ! {
    let begun = time::now();
    let due = |after: Duration| (time::now() + after).as_micros();
    expect_that(
        "periodic",
        timers.start_periodic(10 * MILLISECOND, (0, due(10 * MILLISECOND))).is_ok(),
    );
    let mut last = None;
    for number in 1..COUNT {
        // In no order.
        let after = Duration::from_micros(u64::from(20_000 + number * 7919 % 60_000));
        match timers.start(after, (number, due(after))) {
            Ok(id) => last = Some(id),
            Err(Full) => broken("there is room for all"),
        }
    }
    expect_that(
        "there is no room for more",
        !IN_TIME || timers.start(MILLISECOND, (1, 0)) == Err(Full),
    );
    let Some(last) = last else { broken("some were started") };
    expect_that("one is stopped", timers.cancel(last).is_some() && timers.cancel(last).is_none());
    time::sleep_until(begun + Duration::from_millis(205));
    // Where the time leaps they may be late.
    while !IN_TIME && expired.load(Relaxed) % 1000 < COUNT - 2 {
        time::sleep(MILLISECOND);
    }
    let expired = expired.load(Relaxed);
    expect("all but one", expired % 1000, COUNT - 2);
    let periods = (time::now() - begun).as_millis() as u32 / 10;
    expect_that("without drift", (periods - 1..=periods).contains(&(expired / 1000)));
    expect_that("periods", periods >= 20);
    expect("signal", begin.signal(), Ok(()));
    crossgate::thread::exit()
}

/// Uses all that it may, and more.
fn flood(timer: Handle<dyn Timer>) -> ! {
    expect("too short", timer.start_periodic(0, SHORTEST / 2), Ok(Err(TimerError::TooShort)));
    loop {
        for number in [0, 1, 2, 3, u16::MAX] {
            let expected = if number < 2 { Ok(()) } else { Err(TimerError::NoSuchTimer) };
            expect("its own", timer.start(number, Duration::ZERO), Ok(expected));
            expect("its own", timer.start(number, Duration::MAX), Ok(expected));
            expect("its own", timer.start_periodic(number, SHORTEST), Ok(expected));
        }
        expect_that("none of others", !matches!(timer.next_expired(), Ok(Some(2..)) | Err(_)));
    }
}

fn client(timer: Handle<dyn Timer>, alarm: Notification, begin: Notification) -> ! {
    begin.wait();
    let begun = time::now();
    expect("periodic", timer.start_periodic(0, 10 * MILLISECOND), Ok(Ok(())));
    expect("once", timer.start(1, 35 * MILLISECOND), Ok(Ok(())));
    expect("never", timer.start(2, 15 * MILLISECOND), Ok(Ok(())));
    expect("it runs", timer.cancel(2), Ok(true));
    let mut order = 0_u32;
    while order < 0x1_0000 {
        expect("an alarm", alarm.wait_timeout(1000 * MILLISECOND), Ok(()));
        while let Ok(Some(number)) = timer.next_expired() {
            order = order << 4 | (u32::from(number) + 1);
            expect_that("at its time", is_in_time(begun, order));
        }
    }
    expect_that("the one that was stopped never expires", !holds(order, 3));
    expect_that("each that ran", holds(order, 1) && holds(order, 2));
    expect("clear", timer.clear(), Ok(()));
    // From before.
    let _ = alarm.try_wait();
    expect("none runs", (timer.cancel(0), timer.next_expired()), (Ok(false), Ok(None)));
    expect("no alarm any more", alarm.wait_timeout(30 * MILLISECOND).is_err(), true);
    pass()
}

/// Whether a digit is in a number.
fn holds(order: u32, digit: u32) -> bool {
    (0..8).any(|place| order >> (4 * place) & 15 == digit)
}

/// Whether the timer of the last digit may have expired by now, after those before.
fn is_in_time(begun: Instant, order: u32) -> bool {
    let due = match (order, order & 15) {
        (_, 2) => 35,
        (0x1_1121, _) => 40,
        (1, _) => 10,
        (0x11, _) => 20,
        (0x111, _) => 30,
        _ => 0,
    };
    let after = (time::now() - begun).as_micros() as u64;
    after >= 1000 * due && (!IN_TIME || after < 1000 * due + LATEST)
}
