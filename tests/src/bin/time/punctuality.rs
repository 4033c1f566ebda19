// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads wake on time, many at once. While they sleep, the CPU is free for others, however short the sleep is.
//!
//! Time is exact only if the emulator counts instructions, as under `cargo xtask test`. Then an instruction takes 1 ns.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::time::Instant;
use crossgate::{Concurrent, Notification, Signal, notification, thread, time};
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::watch::allow_no_fault;

const MICROSECOND: Duration = Duration::from_micros(1);
/// The greatest delay of a thread's wake-up. All threads may have to wake at the same time.
const SLACK: Duration = Duration::from_micros(20);
/// The number of times that each thread sleeps.
const ROUNDS: u32 = 20;

/// The progress of the least urgent thread.
struct Progress(AtomicU32);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process sleepers {
        notification NEVER;
        thread first (priority = 20, stack = 1024) = sleep_often(1000, DONE);
        thread second (priority = 19, stack = 1024) = sleep_often(1000, DONE);
        thread third (priority = 18, stack = 1024) = sleep_often(700, DONE);
        thread fourth (priority = 17, stack = 1024) = sleep_often(50, DONE);
        thread fifth (priority = 16, stack = 1024) = sleep_often(3000, DONE);
        thread sixth (priority = 15, stack = 1024) = sleep_often(2999, DONE);
        thread seventh (priority = 14, stack = 1024) = wait_often(NEVER, 1000, DONE);
        thread eighth (priority = 13, stack = 1024) = sleep_often(4100, DONE);
    }
    process judge {
        counting notification DONE;
        object progress: Concurrent<Progress> = Progress(AtomicU32::new(0)) => [];
        thread judge (priority = 30, stack = 2048) = judge(&progress, DONE);
        thread idler (priority = 1, stack = 512) = run(&progress);
    }
}
board::start!(SYSTEM);

/// Fails unless the present time is the requested time, or a little later.
#[track_caller]
fn expect_punctual(deadline: Instant) {
    let now = time::now();
    expect_that("no thread wakes early", now >= deadline);
    if now > deadline + SLACK {
        fail(format_args!("a thread wakes late, by {} us", (now - deadline).as_micros()));
    }
}

fn sleep_often(microseconds: u32, done: Signal) -> ! {
    let length = MICROSECOND * microseconds;
    let start = time::now();
    for round in 1..=ROUNDS {
        time::sleep_until(start + length * round);
        expect_punctual(start + length * round);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Waits with timeouts for the same times for which `sleep_often` sleeps.
fn wait_often(never: Notification, microseconds: u32, done: Signal) -> ! {
    let length = MICROSECOND * microseconds;
    for _ in 0..ROUNDS {
        let start = time::now();
        let waited = notification::wait_any_timeout([never], length);
        expect_that("nothing comes", waited.is_err());
        expect_punctual(start + length);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Counts whenever no other thread runs.
fn run(progress: &Progress) -> ! {
    loop {
        // No other thread writes the number.
        progress.0.store(progress.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// Checks that another thread has the CPU nearly all of the time while this one sleeps for less than a millisecond.
fn judge(progress: &Progress, done: Notification) -> ! {
    for _ in 0..8 {
        done.wait();
    }
    for microseconds in [20, 50, 200, 900] {
        let before = progress.0.load(Ordering::Relaxed);
        let start = time::now();
        time::sleep(MICROSECOND * microseconds);
        expect_punctual(start + MICROSECOND * microseconds);
        // The loop takes 6 instructions or a few more, and the kernel a few thousand.
        let rounds = progress.0.load(Ordering::Relaxed).wrapping_sub(before);
        expect_that("another thread had the CPU", rounds > (microseconds - 10) * 1000 / 10);
    }
    pass()
}
