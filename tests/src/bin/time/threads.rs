// SPDX-License-Identifier: MIT OR Apache-2.0
//! The most urgent thread runs, and at once. Threads of the same priority run in the order in which they became ready.
//! An endless loop does not hold up more urgent threads.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use crossgate::{Concurrent, Handle, Notification, Signal, interface, thread, time};
use system_tests::report::{broken, expect, pass};
use system_tests::watch::allow_no_fault;

/// Records the order in which threads came.
#[interface]
trait Log {
    fn note(&self, who: u32);
    fn note_at(&self, place: u32) -> u32;
}

struct Notes {
    entries: [AtomicU32; 16],
    count: AtomicUsize,
}

impl Log for Notes {
    fn note(&self, who: u32) {
        let place = self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(entry) = self.entries.get(place) {
            entry.store(who, Ordering::Relaxed);
        }
    }
    fn note_at(&self, place: u32) -> u32 {
        self.entries.get(place as usize).map_or(0, |entry| entry.load(Ordering::Relaxed))
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process log {
        object notes: Concurrent<Notes> =
            Notes { entries: [const { AtomicU32::new(0) }; 16], count: AtomicUsize::new(0) }
            => [LOG: dyn Log];
    }
    process equals {
        thread first (priority = 5, stack = 1024) = take_turns(1, LOG);
        thread second (priority = 5, stack = 1024) = take_turns(2, LOG);
        thread third (priority = 5, stack = 1024) = take_turns(3, LOG);
    }
    process urgent {
        notification NOW;
        thread high (priority = 30, stack = 1024) = high(NOW, LOG);
    }
    process calm { thread low (priority = 4, stack = 1024) = low(NOW, LOG); }
    process endless { thread spin (priority = 1, stack = 256) = spin(); }
    process judge { thread judge (priority = 3, stack = 2048) = judge(LOG); }
    process starved { thread starved (priority = 1, stack = 1024) = starved(); }
}
board::start!(SYSTEM);

fn note(log: Handle<dyn Log>, who: u32) {
    expect("a note", log.note(who), Ok(()));
}

fn take_turns(who: u32, log: Handle<dyn Log>) -> ! {
    note(log, who);
    thread::yield_now();
    note(log, 10 + who);
    thread::exit()
}

fn high(now: Notification, log: Handle<dyn Log>) -> ! {
    note(log, 100);
    now.wait();
    note(log, 101);
    thread::exit()
}

fn low(now: Signal, log: Handle<dyn Log>) -> ! {
    note(log, 40);
    expect("signal", now.signal(), Ok(()));
    note(log, 41);
    thread::exit()
}

/// Runs at the lowest priority, and never stops.
fn spin() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Never runs, because it has the same priority as the endless loop that runs before it.
fn starved() -> ! {
    broken("ran although a thread of the same priority had not let it")
}

fn judge(log: Handle<dyn Log>) -> ! {
    let order = [100, 1, 2, 3, 11, 12, 13, 40, 101, 41];
    for (place, who) in (0..).zip(order) {
        expect("the thread that came next", log.note_at(place), Ok(who));
    }
    for _ in 0..10 {
        time::sleep(Duration::from_millis(1));
    }
    pass()
}
