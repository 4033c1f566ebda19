// SPDX-License-Identifier: MIT OR Apache-2.0
//! The greatest number of threads waits at once: first each for its own notification, then each for its own mutex. Each
//! thread is woken by its own event, and by no other.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Notification, Signal, notification, thread};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// The number of waiting threads.
const COUNT: usize = 24;
const MILLISECOND: Duration = Duration::from_millis(1);

/// A mutex for each waiter.
struct Locks {
    locks: [Mutex<u32>; COUNT],
    woken: AtomicU32,
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process waiters {
        notification SIGNAL0;
        notification SIGNAL1;
        notification SIGNAL2;
        notification SIGNAL3;
        notification SIGNAL4;
        notification SIGNAL5;
        notification SIGNAL6;
        notification SIGNAL7;
        notification SIGNAL8;
        notification SIGNAL9;
        notification SIGNAL10;
        notification SIGNAL11;
        notification SIGNAL12;
        notification SIGNAL13;
        notification SIGNAL14;
        notification SIGNAL15;
        notification SIGNAL16;
        notification SIGNAL17;
        notification SIGNAL18;
        notification SIGNAL19;
        notification SIGNAL20;
        notification SIGNAL21;
        notification SIGNAL22;
        notification SIGNAL23;
        object locks: Concurrent<Locks> = Locks {
            locks: [const { Mutex::new(0) }; COUNT],
            woken: AtomicU32::new(0),
        } => [];
        thread waiter0 (priority = 2, stack = 512) = wait(SIGNAL0, &locks, 0, DONE);
        thread waiter1 (priority = 3, stack = 512) = wait(SIGNAL1, &locks, 1, DONE);
        thread waiter2 (priority = 4, stack = 512) = wait(SIGNAL2, &locks, 2, DONE);
        thread waiter3 (priority = 5, stack = 512) = wait(SIGNAL3, &locks, 3, DONE);
        thread waiter4 (priority = 6, stack = 512) = wait(SIGNAL4, &locks, 4, DONE);
        thread waiter5 (priority = 7, stack = 512) = wait(SIGNAL5, &locks, 5, DONE);
        thread waiter6 (priority = 8, stack = 512) = wait(SIGNAL6, &locks, 6, DONE);
        thread waiter7 (priority = 9, stack = 512) = wait(SIGNAL7, &locks, 7, DONE);
        thread waiter8 (priority = 10, stack = 512) = wait(SIGNAL8, &locks, 8, DONE);
        thread waiter9 (priority = 11, stack = 512) = wait(SIGNAL9, &locks, 9, DONE);
        thread waiter10 (priority = 12, stack = 512) = wait(SIGNAL10, &locks, 10, DONE);
        thread waiter11 (priority = 13, stack = 512) = wait(SIGNAL11, &locks, 11, DONE);
        thread waiter12 (priority = 14, stack = 512) = wait(SIGNAL12, &locks, 12, DONE);
        thread waiter13 (priority = 15, stack = 512) = wait(SIGNAL13, &locks, 13, DONE);
        thread waiter14 (priority = 16, stack = 512) = wait(SIGNAL14, &locks, 14, DONE);
        thread waiter15 (priority = 17, stack = 512) = wait(SIGNAL15, &locks, 15, DONE);
        thread waiter16 (priority = 18, stack = 512) = wait(SIGNAL16, &locks, 16, DONE);
        thread waiter17 (priority = 19, stack = 512) = wait(SIGNAL17, &locks, 17, DONE);
        thread waiter18 (priority = 20, stack = 512) = wait(SIGNAL18, &locks, 18, DONE);
        thread waiter19 (priority = 21, stack = 512) = wait(SIGNAL19, &locks, 19, DONE);
        thread waiter20 (priority = 22, stack = 512) = wait(SIGNAL20, &locks, 20, DONE);
        thread waiter21 (priority = 23, stack = 512) = wait(SIGNAL21, &locks, 21, DONE);
        thread waiter22 (priority = 24, stack = 512) = wait(SIGNAL22, &locks, 22, DONE);
        thread waiter23 (priority = 25, stack = 512) = wait(SIGNAL23, &locks, 23, DONE);
        thread holder (priority = 1, stack = 2048) = hold(&locks, DONE, READY);
    }
    process judge {
        counting notification DONE;
        notification READY;
        notification OTHER0;
        notification OTHER1;
        notification OTHER2;
        notification OTHER3;
        notification OTHER4;
        thread main (priority = 30, stack = 2048) = judge(
            [SIGNAL0, SIGNAL1, SIGNAL2, SIGNAL3, SIGNAL4, SIGNAL5, SIGNAL6, SIGNAL7, SIGNAL8, SIGNAL9, SIGNAL10, SIGNAL11, SIGNAL12, SIGNAL13, SIGNAL14, SIGNAL15, SIGNAL16, SIGNAL17, SIGNAL18, SIGNAL19, SIGNAL20, SIGNAL21, SIGNAL22, SIGNAL23],
            [OTHER0, OTHER1, OTHER2, OTHER3, OTHER4],
            DONE,
            READY,
        );
    }
}
board::start!(SYSTEM);

fn wait(signal: Notification, locks: &Locks, index: usize, done: Signal) -> ! {
    // Half of the threads wait with a timeout, which is not reached.
    if index.is_multiple_of(2) {
        signal.wait();
    } else {
        expect_that("the thread's signal comes", signal.wait_timeout(1000 * MILLISECOND).is_ok());
    }
    let order = locks.woken.fetch_add(1, Ordering::Relaxed) as usize;
    expect("the order in which they were signalled", order, index);
    expect("signal", done.signal(), Ok(()));
    *locks.locks[index].lock() += 1;
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// The least urgent thread. Takes all mutexes when all other threads wait for their signals, and frees them when all
/// wait for the mutexes.
fn hold(locks: &Locks, done: Signal, ready: Signal) -> ! {
    let guards: [_; COUNT] = core::array::from_fn(|index| locks.locks[index].lock());
    expect("signal", ready.signal(), Ok(()));
    drop(guards);
    let entered = locks.locks.iter().map(|lock| *lock.lock()).sum();
    expect("the number of threads that got their mutexes", entered, COUNT as u32);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn judge(
    waiters: [Signal; COUNT],
    own: [Notification; 5],
    done: Notification,
    ready: Notification,
) -> ! {
    ready.wait();
    // Signals for this thread come only to this thread, and the last notification works like the first.
    for notification in own {
        expect("no signal has come", notification.try_wait(), false);
        notification.signal();
        expect(
            "the notification that has come",
            notification::wait_any(own),
            position(&own, notification),
        );
    }
    for waiter in waiters {
        expect("signal", waiter.signal(), Ok(()));
        expect_that("the thread is woken", done.wait_timeout(10 * MILLISECOND).is_ok());
        expect("no other thread is woken", done.try_wait(), false);
    }
    // Each thread has its mutex, and the thread that held the mutexes has ended.
    for _ in 0..=COUNT {
        expect_that("the thread has had its mutex", done.wait_timeout(10 * MILLISECOND).is_ok());
    }
    expect("nobody else", done.try_wait(), false);
    pass()
}

fn position(all: &[Notification], one: Notification) -> usize {
    all.iter().position(|&other| other == one).unwrap_or(all.len())
}
