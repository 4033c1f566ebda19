// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exclusive objects: one call at a time, the most urgent caller first, priority inheritance through several objects,
//! and an error if a call would wait for itself.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, thread, time,
};
use crossgate_abi::number;
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

const ROUNDS: u32 = 200;
const MILLISECOND: Duration = Duration::from_millis(1);

/// A slow counter. A second call in between would be lost.
#[interface]
trait Count {
    fn increment(&mut self);
    fn value(&mut self) -> u32;
}

struct Slow(u32);

impl Count for Slow {
    fn increment(&mut self) {
        let before = self.0;
        if before.is_multiple_of(16) {
            time::sleep(Duration::from_micros(50));
        } else {
            thread::yield_now();
        }
        self.0 = before + 1;
    }
    fn value(&mut self) -> u32 {
        self.0
    }
}

/// Work that takes longer than a time slice of any thread.
#[interface]
trait Work {
    /// Computes for some ms of CPU time.
    fn work(&mut self, milliseconds: u32);
}

struct Inner;

impl Work for Inner {
    fn work(&mut self, milliseconds: u32) {
        let end = time::now() + MILLISECOND * milliseconds;
        while time::now() < end {}
    }
}

/// An object that makes another object work.
struct Outer {
    inner: Handle<dyn Work>,
}

impl Work for Outer {
    fn work(&mut self, milliseconds: u32) {
        expect("the inner call", self.inner.work(milliseconds), Ok(()));
    }
}

/// An object that calls itself.
struct Selfish;

impl Count for Selfish {
    fn increment(&mut self) {}
    fn value(&mut self) -> u32 {
        // The object calls itself by its number, because the wiring gives no object its own handle.
        let own = raw::service(&SYSTEM, "SELFISH");
        raw::trap(number::call(own, 0), [0; 4]).status.0 as u32
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process counter {
        object slow: Exclusive<Slow> = Slow(0) => [COUNT: dyn Count];
    }
    process inner { object inner: Exclusive<Inner> = Inner => [INNER: dyn Work]; }
    process outer { object outer: Exclusive<Outer> = Outer { inner: INNER } => [OUTER: dyn Work]; }
    process selfish {
        object selfish: Exclusive<Selfish> = Selfish => [SELFISH: dyn Count];
        thread known (priority = 1, stack = 512) = known(SELFISH);
    }
    process clients {
        counting notification DONE;
        thread first (priority = 5, stack = 1024) = count(COUNT, DONE);
        thread second (priority = 5, stack = 1024) = count(COUNT, DONE);
        thread third (priority = 6, stack = 1024) = count(COUNT, DONE);
        thread judge (priority = 4, stack = 2048) = judge(COUNT, SELFISH, DONE);
    }
    process inversion {
        object finished: Concurrent<AtomicBool> = AtomicBool::new(false) => [];
        thread low (priority = 8, stack = 1024) = low(INNER);
        thread between (priority = 10, stack = 1024) = between(OUTER);
        thread middle (priority = 11, stack = 1024) = middle(&finished, DONE);
        thread high (priority = 12, stack = 1024) = high(&finished, OUTER);
    }
}
board::start!(SYSTEM);

/// Gives its process the right to call its own object.
fn known(selfish: Handle<dyn Count>) -> ! {
    let _ = selfish;
    thread::exit()
}

fn count(counter: Handle<dyn Count>, done: Notification) -> ! {
    for _ in 0..ROUNDS {
        expect("a call", counter.increment(), Ok(()));
    }
    done.signal();
    thread::exit()
}

fn judge(counter: Handle<dyn Count>, selfish: Handle<dyn Count>, done: Notification) -> ! {
    for _ in 0..4 {
        done.wait();
    }
    expect("calls that were counted", counter.value(), Ok(3 * ROUNDS));
    expect("an object that calls itself", selfish.value(), Ok(CallError::Deadlock as u32));
    expect("the object still works", selfish.increment(), Ok(()));
    pass()
}

/// Works in the inner object from 0 to 30 ms.
fn low(inner: Handle<dyn Work>) -> ! {
    expect("a call", inner.work(30), Ok(()));
    thread::exit()
}

/// Is in the outer object from 5 ms on, and waits for the inner object there.
fn between(outer: Handle<dyn Work>) -> ! {
    time::sleep(5 * MILLISECOND);
    expect("a call", outer.work(1), Ok(()));
    thread::exit()
}

/// Waits for the outer object from 10 ms on. All threads that block this thread inherit its priority.
fn high(finished: &AtomicBool, outer: Handle<dyn Work>) -> ! {
    time::sleep(10 * MILLISECOND);
    expect("a call", outer.work(1), Ok(()));
    finished.store(true, Ordering::Relaxed);
    thread::exit()
}

/// From 15 ms on, this thread would keep the others from running.
fn middle(finished: &AtomicBool, done: Signal) -> ! {
    time::sleep(15 * MILLISECOND);
    expect_that("the more urgent thread has finished", finished.load(Ordering::Relaxed));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}
