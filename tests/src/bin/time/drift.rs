// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time does not drift, compared with a timer of the board, however often threads sleep and ask for the time.
//!
//! The test takes 1 s of the board's time. If `CROSSGATE_DRIFT_SECONDS` was set when the test was built, it takes that
//! number of seconds.
//!
//! Emulator: -icount shift=5,sleep=off
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{CLOCK_HZ, TIMER0, Timer};
use core::time::Duration;
use crossgate::{Notification, Signal, time};
use system_tests::report::{expect_that, fail, pass};
use system_tests::watch::allow_no_fault;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process judge {
        mmio TIMER0;
        counting notification SLEPT;
        thread judge (priority = 30, stack = 2048) = judge();
        thread waiter (priority = 20, stack = 1024) = wait(SLEPT);
    }
    process sleepers {
        thread first (priority = 9, stack = 1024) = sleep_often(1, 50, SLEPT);
        thread second (priority = 8, stack = 1024) = sleep_often(50, 51, SLEPT);
        thread third (priority = 7, stack = 1024) = sleep_often(40, 1000, SLEPT);
        thread asker (priority = 1, stack = 1024) = ask();
    }
}
board::start!(SYSTEM);

/// The duration of the test, in s.
const SECONDS: u64 = system_tests::number_from!("CROSSGATE_DRIFT_SECONDS", u64, 1);
/// The greatest difference of the two clocks, in millionths of the time that has passed, besides one µs.
const DRIFT: u64 = 20;

/// Sleeps for all numbers of µs in a range, in a loop.
fn sleep_often(shortest: u64, longest: u64, slept: Signal) -> ! {
    loop {
        for microseconds in shortest..=longest {
            time::sleep(Duration::from_micros(microseconds));
        }
        // The wiring permits the signal.
        let _ = slept.signal();
    }
}

/// Waits with timeouts, most of which are not reached.
fn wait(slept: Notification) -> ! {
    loop {
        let _ = slept.wait_timeout(Duration::from_millis(1));
    }
}

/// Asks for the time whenever no other thread runs.
fn ask() -> ! {
    let mut last = time::now();
    loop {
        let now = time::now();
        expect_that("time never runs backwards", now >= last);
        last = now;
    }
}

/// Compares the clocks from time to time.
fn judge() -> ! {
    let mut timer = Timer::new(TIMER0);
    let start = time::now();
    timer.start();
    let (mut ticks, mut last) = (0, 0);
    loop {
        time::sleep(Duration::from_micros(99_999));
        let mut read = || {
            let elapsed = timer.elapsed();
            ticks += u64::from(elapsed.wrapping_sub(last));
            last = elapsed;
            ticks / u64::from(CLOCK_HZ / 1_000_000)
        };
        // Interrupts may come in between.
        let before = read();
        let passed = (time::now() - start).as_micros() as u64;
        let after = read();
        let slack = 1 + before * DRIFT / 1_000_000;
        if passed + slack < before || passed > after + slack {
            fail(format_args!("{passed} us have passed, and {before} to {after} us by the timer"));
        }
        if before >= SECONDS * 1_000_000 {
            pass()
        }
    }
}
