// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mutexes of threads of one process: exclusion, contention, and priority inheritance.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Concurrent, Notification, Signal, thread, time};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

const ROUNDS: u32 = 300;
const MILLISECOND: Duration = Duration::from_millis(1);

/// The account that the threads compete for.
struct Account {
    balance: Mutex<Cell<u32>>,
    middle_ran: AtomicU32,
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process workers {
        counting notification DONE;
        object account: Concurrent<Account> =
            Account { balance: Mutex::new(Cell::new(0)), middle_ran: AtomicU32::new(0) } => [];
        thread first (priority = 5, stack = 1024) = deposit(&account, DONE);
        thread second (priority = 5, stack = 1024) = deposit(&account, DONE);
        thread third (priority = 6, stack = 1024) = deposit(&account, DONE);
        thread judge (priority = 4, stack = 2048) = judge(&account, DONE, [START_LOW, START_MIDDLE, START_HIGH]);
    }
    process inversion {
        notification START_LOW;
        notification START_MIDDLE;
        notification START_HIGH;
        object lock: Concurrent<Account> =
            Account { balance: Mutex::new(Cell::new(0)), middle_ran: AtomicU32::new(0) } => [];
        thread low (priority = 10, stack = 1024) = low(&lock, START_LOW, START_MIDDLE, START_HIGH);
        thread middle (priority = 11, stack = 512) = middle(&lock, START_MIDDLE);
        thread high (priority = 12, stack = 1024) = high(&lock, START_HIGH);
    }
}
board::start!(SYSTEM);

/// Reads, lets other threads run, and writes. Without exclusion, this loses deposits.
fn deposit(account: &Account, done: Notification) -> ! {
    for round in 0..ROUNDS {
        let balance = account.balance.lock();
        let before = balance.get();
        if round % 16 == 0 {
            time::sleep(Duration::from_micros(50));
        } else {
            thread::yield_now();
        }
        balance.set(before + 1);
    }
    done.signal();
    thread::exit()
}

fn judge(account: &Account, done: Notification, [low, _middle, _high]: [Signal; 3]) -> ! {
    for _ in 0..3 {
        done.wait();
    }
    expect("deposits", account.balance.lock().get(), 3 * ROUNDS);
    let held = account.balance.lock();
    expect("a mutex that is taken", account.balance.try_lock().is_none(), true);
    drop(held);
    expect("a mutex that is free", account.balance.try_lock().is_some(), true);
    expect("signal", low.signal(), Ok(()));
    time::sleep(1000 * MILLISECOND);
    broken("the test did not end")
}

/// Takes the mutex, and wakes the high thread, which waits for the mutex. Also wakes the middle thread, which would
/// keep this thread from running if this thread had not inherited the priority of the high thread.
fn low(lock: &Account, start: Notification, middle: Notification, high: Notification) -> ! {
    start.wait();
    let held = lock.balance.lock();
    high.signal();
    middle.signal();
    expect("the middle thread has not run", lock.middle_ran.load(Ordering::Relaxed), 0);
    held.set(1);
    drop(held);
    time::sleep(100 * MILLISECOND);
    broken("the test did not end")
}

fn middle(lock: &Account, start: Notification) -> ! {
    start.wait();
    lock.middle_ran.store(1, Ordering::Relaxed);
    // The priority is given back with the mutex.
    expect_that(
        "the high thread ran before",
        lock.balance.try_lock().is_some_and(|lock| lock.get() == 2),
    );
    pass()
}

fn high(lock: &Account, start: Notification) -> ! {
    start.wait();
    let held = lock.balance.lock();
    expect("what the low thread wrote", held.get(), 1);
    expect("the middle thread has not run", lock.middle_ran.load(Ordering::Relaxed), 0);
    held.set(2);
    drop(held);
    thread::exit()
}
