// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notifications: signals are kept until a thread waits, and counted if the wiring says so. Waits with and without a
//! timeout, for one and for any of several notifications, and signals between processes.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{Notification, Signal, notification, thread, time};
use crossgate_abi::table::ProcessRow;
use crossgate_abi::{Status, number};
use system_tests::raw;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process receiver {
        notification ONE;
        counting notification MANY;
        notification NEVER;
        notification DONE;
        thread main (priority = 5, stack = 2048) = receive([ONE, MANY, NEVER, DONE], GO);
    }
    process sender {
        notification GO;
        thread main (priority = 4, stack = 1024) = send(GO, ONE, MANY);
    }
    process waiters {
        notification SHARED;
        thread low (priority = 6, stack = 512) = wait_shared(SHARED, 2, DONE);
        thread high (priority = 7, stack = 512) = wait_shared(SHARED, 1, DONE);
        thread sender (priority = 3, stack = 512) = wake_waiters(SHARED);
    }
}
board::start!(SYSTEM);

const MILLISECOND: Duration = Duration::from_millis(1);

/// At the first signal of GO, sends two signals of each kind at once. At the next signal of GO, sends one signal after
/// 5 ms.
fn send(go: Notification, one: Signal, many: Signal) -> ! {
    loop {
        go.wait();
        for _ in 0..2 {
            expect("signal", one.signal(), Ok(()));
            expect("signal", many.signal(), Ok(()));
        }
        go.wait();
        time::sleep(5 * MILLISECOND);
        expect("signal", many.signal(), Ok(()));
    }
}

fn receive([one, many, never, done]: [Notification; 4], go: Signal) -> ! {
    expect("no signal has come", one.try_wait(), false);

    // Signals are kept: only one, or all of them.
    expect("signal", go.signal(), Ok(()));
    time::sleep(2 * MILLISECOND);
    one.wait();
    expect("a binary notification keeps one signal", one.try_wait(), false);
    many.wait();
    many.wait();
    expect("a counting notification keeps each signal", many.try_wait(), false);

    // A timeout, and then a wait whose signal comes before the timeout. No wake-up from the timeout follows.
    let start = time::now();
    expect_that("nothing comes", never.wait_timeout(3 * MILLISECOND).is_err());
    expect_that("a timeout is not early", time::now() - start >= 3 * MILLISECOND);
    expect("signal", go.signal(), Ok(()));
    expect_that("a signal comes in time", many.wait_timeout(100 * MILLISECOND).is_ok());
    let start = time::now();
    expect_that("nothing comes", many.wait_timeout(200 * MILLISECOND).is_err());
    expect_that("the earlier timeout wakes no thread", time::now() - start >= 200 * MILLISECOND);

    // After the timeout no thread waits. Signals are kept, and do not disturb a sleep.
    let start = time::now();
    expect("signal", go.signal(), Ok(()));
    time::sleep(10 * MILLISECOND);
    expect_that("a sleep is not short", time::now() - start >= 10 * MILLISECOND);
    for notification in [one, many, many] {
        expect("a signal that came after a timeout", notification.try_wait(), true);
    }
    expect("signal", go.signal(), Ok(()));
    many.wait();

    // A timeout that was not reached does not end a later wait without a timeout.
    expect("signal", go.signal(), Ok(()));
    expect_that("a signal comes in time", many.wait_timeout(3 * MILLISECOND).is_ok());
    many.wait();
    one.wait();
    expect("signal", go.signal(), Ok(()));
    let second = ProcessRow::notification(1) as usize;
    let reply = raw::system_call(number::WAIT, [second, usize::MAX, usize::MAX, 0]);
    expect("the end of a wait without a timeout", reply.status, Status::OK);

    // A wait for any of several.
    one.signal();
    expect("the notification that has come", notification::wait_any([never, one, many]), 1);
    expect("signal", go.signal(), Ok(()));
    expect("the notification that has come", notification::wait_any([many, never, one]) != 1, true);
    time::sleep(2 * MILLISECOND);
    while one.try_wait() || many.try_wait() {}
    let any = notification::wait_any_timeout([never, one], 2 * MILLISECOND);
    expect_that("nothing comes", any.is_err());
    expect("signal", go.signal(), Ok(()));
    expect("the notification that has come", notification::wait_any([never, many]), 1);

    // The waiting threads of the other process were woken in the order of their urgency.
    expect_that("the waiters come", done.wait_timeout(100 * MILLISECOND).is_ok());
    pass()
}

/// Each signal wakes one waiter, the most urgent first. So the low thread comes second.
fn wait_shared(shared: Notification, order: u32, done: Signal) -> ! {
    use crossgate::sync::atomic::{AtomicU32, Ordering};
    static SERVED: AtomicU32 = AtomicU32::new(0);
    shared.wait();
    expect("the order of waiters", SERVED.fetch_add(1, Ordering::Relaxed) + 1, order);
    if order == 2 {
        expect("signal", done.signal(), Ok(()));
    }
    thread::exit()
}

fn wake_waiters(shared: Notification) -> ! {
    shared.signal();
    shared.signal();
    time::sleep(1000 * MILLISECOND);
    broken("the test did not end")
}
