// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time never runs backwards, no sleep is short, and none is much too long.
//!
//! Emulator: -icount shift=5,sleep=off
//! Without seeds: the test waits in loops, and each round makes a system call.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{CLOCK_HZ, TIMER0, Timer};
use core::time::Duration;
use crossgate::{Notification, Signal, thread, time};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// The greatest delay of a thread's wake-up. (The emulator is not the only program on its machine.)
const SLACK: Duration = Duration::from_millis(200);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process main {
        mmio TIMER0;
        counting notification DONE;
        thread main (priority = 5, stack = 2048) = watch(DONE);
    }
    process sleepers {
        thread often (priority = 9, stack = 1024) = sleep_often(1, 1000, DONE);
        thread odd (priority = 8, stack = 1024) = sleep_often(333, 100, DONE);
        thread long (priority = 7, stack = 1024) = sleep_often(40_000, 5, DONE);
        thread until (priority = 6, stack = 1024) = beat(DONE);
    }
}
board::start!(SYSTEM);

/// Sleeps `rounds` times for a number of µs.
fn sleep_often(microseconds: u64, rounds: u32, done: Signal) -> ! {
    let length = Duration::from_micros(microseconds);
    for _ in 0..rounds {
        let before = time::now();
        time::sleep(length);
        let slept = time::now() - before;
        expect_that("no sleep is short", slept >= length);
        expect_that("no sleep is much too long", slept < length + SLACK);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Sleeps until times that are a fixed distance apart.
fn beat(done: Signal) -> ! {
    let start = time::now();
    for round in 1..=20 {
        let next = start + Duration::from_millis(7) * round;
        time::sleep_until(next);
        expect_that("no beat comes early", time::now() >= next);
        expect_that("no beat comes late", time::now() < next + SLACK);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn watch(done: Notification) -> ! {
    let mut last = time::now();
    let mut check = || {
        let now = time::now();
        expect_that("time never runs backwards", now >= last);
        last = now;
        now
    };
    let mut awake = 0;
    while awake < 4 {
        check();
        awake += u32::from(done.try_wait());
    }

    // Another clock of the board has to agree, over a longer time than SysTick can count, which is 0.67 s. (The
    // emulator's host may stop the emulator between two readings.)
    let mut timer = Timer::new(TIMER0);
    timer.start();
    let start = check();
    while check() < start + Duration::from_millis(800) {}
    let ticks = u64::from(timer.elapsed()) / u64::from(CLOCK_HZ / 1_000_000);
    let (passed, timed) = (check() - start, Duration::from_micros(ticks));
    expect_that("time is as fast as the board's timer", passed + SLACK >= timed);
    expect_that("time is not faster than the board's timer", passed <= timed + SLACK);

    time::sleep(Duration::ZERO);
    time::sleep_until(start);
    pass()
}
