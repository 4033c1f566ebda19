// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads of one priority take turns, although none yields; a less urgent thread does not.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures time, and seeds let time jump.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{Concurrent, time};
use system_tests::report::{expect_that, pass};
use system_tests::watch::allow_no_fault;

/// Of the threads that take turns, the one that ran last; and the number of turns.
struct Turns {
    last: AtomicU32,
    changes: AtomicU32,
    outsiders: AtomicU32,
}

impl Turns {
    const fn new() -> Turns {
        Turns { last: AtomicU32::new(0), changes: AtomicU32::new(0), outsiders: AtomicU32::new(0) }
    }

    /// Runs without end.
    fn run(&self, who: u32) -> ! {
        loop {
            if self.last.swap(who, Relaxed) != who {
                self.changes.fetch_add(1, Relaxed);
            }
        }
    }
}

crossgate::system! {
    static SYSTEM;
    time_slice = 1 ms;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process turns {
        object turns: Concurrent<Turns> = Turns::new() => [];
        thread one (priority = 5, stack = 512) = turns.run(1);
        thread two (priority = 5, stack = 512) = turns.run(2);
        thread three (priority = 5, stack = 512) = turns.run(3);
        thread less (priority = 4, stack = 512) = less_urgent(&turns);
        thread counts (priority = 9, stack = 1024) = count(&turns);
    }
}
board::start!(SYSTEM);

fn less_urgent(turns: &Turns) -> ! {
    loop {
        turns.outsiders.fetch_add(1, Relaxed);
    }
}

fn count(turns: &Turns) -> ! {
    for _ in 0..3 {
        let before = turns.changes.load(Relaxed);
        // This thread interrupts the others often. They keep the rest of their slices.
        for _ in 0..100 {
            time::sleep(Duration::from_micros(300));
        }
        let changes = turns.changes.load(Relaxed) - before;
        expect_that("each thread gets a millisecond", (25..=35).contains(&changes));
    }
    expect_that("the less urgent thread waits", turns.outsiders.load(Relaxed) == 0);
    pass()
}
