// SPDX-License-Identifier: MIT OR Apache-2.0
//! Critical sections of the threads of a process: exclusion, nesting, priority inheritance, and a crash instead of a
//! deadlock. Other processes have their own sections.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use critical_section::Mutex;
use crossgate::sync::Mutex as Lock;
use crossgate::{Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use crossgate_critical_section as _;
use crossgate_critical_section as _;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

const ROUNDS: u32 = 100;
const MILLISECOND: Duration = Duration::from_millis(1);

/// The account that the threads compete for.
struct Account {
    balance: Mutex<Cell<u32>>,
    middle_ran: AtomicU32,
    lock: Lock<()>,
}

impl Account {
    const fn new() -> Account {
        Account {
            balance: Mutex::new(Cell::new(0)),
            middle_ran: AtomicU32::new(0),
            lock: Lock::new(()),
        }
    }
}

/// Enters critical sections in a visitor, in the same way as in a thread of the process.
#[interface]
trait Deposit {
    fn deposit(&self, rounds: u32);
    fn balance(&self) -> u32;
}

impl Deposit for Account {
    fn deposit(&self, rounds: u32) {
        deposit(self, rounds);
    }
    fn balance(&self) -> u32 {
        critical_section::with(|section| self.balance.borrow(section).get())
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 31, stack = 2048) =
            witness(FAULTED, DONE, ACCOUNT, START_LOW, START_CIRCLE);
    }
    // There are more threads than stacks that `critical-section` remembers.
    process workers {
        object account: Concurrent<Account> = Account::new() => [ACCOUNT: dyn Deposit];
        thread first (priority = 5, stack = 1024) = work(&account, DONE);
        thread second (priority = 5, stack = 1024) = work(&account, DONE);
        thread third (priority = 6, stack = 1024) = work(&account, DONE);
        thread fourth (priority = 6, stack = 1024) = work(&account, DONE);
        thread fifth (priority = 5, stack = 1024) = work(&account, DONE);
    }
    process visitor { thread main (priority = 6, stack = 2048) = visit(ACCOUNT, DONE); }
    process inversion {
        notification START_LOW;
        notification START_MIDDLE;
        notification START_HIGH;
        notification OTHER_RAN;
        object lock: Concurrent<Account> = Account::new() => [];
        thread low (priority = 10, stack = 1024) = low(&lock, [START_LOW, START_MIDDLE, START_HIGH, OTHER_RAN], START_OTHER);
        thread middle (priority = 11, stack = 512) = middle(&lock, START_MIDDLE, DONE);
        thread high (priority = 12, stack = 1024) = high(&lock, START_HIGH);
    }
    process other {
        notification START_OTHER;
        thread main (priority = 13, stack = 512) = other(START_OTHER, OTHER_RAN);
    }
    process circle {
        on_fault = stop;
        notification START_CIRCLE;
        notification HELD;
        object both: Concurrent<Account> = Account::new() => [];
        thread one (priority = 2, stack = 1024) = section_then_lock(&both, START_CIRCLE, HELD);
        thread two (priority = 3, stack = 1024) = lock_then_section(&both, HELD);
    }
}
board::start!(SYSTEM);

/// Reads, lets other threads run, and writes. Without exclusion, this loses deposits.
#[inline(never)]
fn deposit(account: &Account, rounds: u32) {
    for round in 0..rounds {
        critical_section::with(|outer| {
            let balance = account.balance.borrow(outer);
            let before = balance.get();
            critical_section::with(|_| thread::yield_now());
            deeper(round % 8);
            if round % 16 == 0 {
                time::sleep(Duration::from_micros(50));
            }
            thread::yield_now();
            balance.set(before + 1);
        });
    }
}

/// Nests sections at several depths of the stack.
#[inline(never)]
fn deeper(levels: u32) {
    critical_section::with(|_| {
        if levels > 0 {
            deeper(levels - 1);
        }
        thread::yield_now();
    });
}

fn work(account: &Account, done: Signal) -> ! {
    deposit(account, ROUNDS);
    let _ = done.signal();
    thread::exit()
}

fn visit(account: Handle<dyn Deposit>, done: Signal) -> ! {
    expect("a visit", account.deposit(ROUNDS), Ok(()));
    let _ = done.signal();
    thread::exit()
}

fn witness(
    faulted: Notification,
    done: Notification,
    account: Handle<dyn Deposit>,
    low: Signal,
    circle: Signal,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for _ in 0..6 {
        done.wait();
    }
    expect("a visit", account.deposit(1), Ok(()));
    expect("deposits", account.balance(), Ok(6 * ROUNDS + 1));
    expect("signal", low.signal(), Ok(()));
    done.wait();
    expect("signal", circle.signal(), Ok(()));
    watch.expect("circle", Cause::Panic);
    watch.expect_no_more();
    pass()
}

/// Enters a section, and wakes the high thread, which waits for the end of the section. Also wakes the middle thread,
/// which would keep this thread from running if this thread had not inherited the priority of the high thread. A
/// process with its own section does not wait.
fn low(lock: &Account, [start, middle, high, ran]: [Notification; 4], other: Signal) -> ! {
    start.wait();
    critical_section::with(|section| {
        expect("signal", other.signal(), Ok(()));
        expect_that(
            "other processes are not excluded",
            ran.wait_timeout(100 * MILLISECOND).is_ok(),
        );
        high.signal();
        middle.signal();
        expect("the middle thread has not run", lock.middle_ran.load(Ordering::Relaxed), 0);
        lock.balance.borrow(section).set(1);
    });
    thread::exit()
}

fn middle(lock: &Account, start: Notification, done: Signal) -> ! {
    start.wait();
    lock.middle_ran.store(1, Ordering::Relaxed);
    // The low thread has given back the lent priority when it left the section.
    let value = critical_section::with(|section| lock.balance.borrow(section).get());
    expect("what the high thread wrote before", value, 2);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn high(lock: &Account, start: Notification) -> ! {
    start.wait();
    critical_section::with(|section| {
        expect("what the low thread wrote", lock.balance.borrow(section).replace(2), 1);
        expect("the middle thread has not run", lock.middle_ran.load(Ordering::Relaxed), 0);
    });
    thread::exit()
}

fn other(start: Notification, ran: Signal) -> ! {
    start.wait();
    critical_section::with(|_| expect("signal", ran.signal(), Ok(())));
    thread::exit()
}

/// Waits for the next thread inside a section.
fn section_then_lock(both: &Account, start: Notification, held: Notification) -> ! {
    start.wait();
    critical_section::with(|_| {
        held.signal();
        drop(both.lock.lock());
    });
    broken("returns from a wait of threads for each other")
}

/// Tries to enter a section that would never become free. It is not a nested section of this thread.
fn lock_then_section(both: &Account, held: Notification) -> ! {
    held.wait();
    let _held = both.lock.lock();
    // Meanwhile the other thread waits for this one.
    time::sleep(MILLISECOND);
    critical_section::with(|_| broken("is in a section with another"))
}
