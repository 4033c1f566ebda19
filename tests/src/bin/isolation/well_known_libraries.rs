// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes use the same well-known libraries. Each process has its own logger and levels, its own queue of times,
//! and its own heap, all of which are reset with the process.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{CallError, Concurrent, Handle, Notification, Wire, interface};
use crossgate_abi::Cause;
use log::LevelFilter;
use system_tests::probe;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// The level of logging.
#[derive(Clone, Copy, Debug, Wire)]
enum Level {
    Information,
    All,
}

/// Uses the libraries.
#[interface]
trait User {
    /// Sets the level. Returns whether the process had no logger before.
    fn log_up_to(&self, level: Level) -> bool;
    /// Logs a line of each level. Returns the number of lines that the logger has accepted so far.
    fn log(&self) -> u32;
    fn schedule(&self, milliseconds: u32);
    /// Returns the number of milliseconds until the next time is due.
    fn next_time(&self) -> Option<u32>;
    fn allocate(&self, size: u32) -> Option<usize>;
    fn crash(&self);
}

struct Libraries;

impl User for Libraries {
    fn log_up_to(&self, level: Level) -> bool {
        platform::log_up_to(match level {
            Level::Information => LevelFilter::Info,
            Level::All => LevelFilter::Trace,
        })
    }
    fn log(&self) -> u32 {
        log::error!("an error");
        log::info!("number {}", 2);
        log::trace!("a trace");
        platform::lines()
    }
    fn schedule(&self, milliseconds: u32) {
        platform::schedule(milliseconds);
    }
    fn next_time(&self) -> Option<u32> {
        platform::next_time()
    }
    fn allocate(&self, size: u32) -> Option<usize> {
        platform::allocate(size as usize)
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
}

crossgate::system! {
    static SYSTEM;
    process first { object one (stack = 512): Concurrent<Libraries> = Libraries => [FIRST: dyn User]; }
    process second { object two (stack = 512): Concurrent<Libraries> = Libraries => [SECOND: dyn User]; }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = witness(FIRST, SECOND, FAULTED);
    }
}
board::start!(SYSTEM);

fn witness(first: Handle<dyn User>, second: Handle<dyn User>, faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    expect("the first logger", first.log_up_to(Level::Information), Ok(true));
    expect("no second logger yet", second.log(), Ok(0));
    expect("the second logger", second.log_up_to(Level::All), Ok(true));
    expect("the lines of the first", first.log(), Ok(2));
    expect("all lines of the second", second.log(), Ok(3));
    expect("further lines of the first", first.log(), Ok(4));

    expect("a time", first.schedule(500), Ok(()));
    expect("the next time", first.next_time(), Ok(Some(500)));
    expect("that of the second", second.next_time(), Ok(None));
    expect("a time", second.schedule(300), Ok(()));
    expect("that of the first", first.next_time(), Ok(Some(500)));
    expect("that of the second", second.next_time(), Ok(Some(300)));

    for (name, user) in [("first", first), ("second", second)] {
        fill(name, user);
    }
    expect("a crash", second.crash(), Err(CallError::ServerFaulted));
    watch.expect("second", Cause::Panic);
    expect("no logger", second.log(), Ok(0));
    expect("a new logger", second.log_up_to(Level::Information), Ok(true));
    expect("no time", second.next_time(), Ok(None));
    fill("second", second);
    expect("the first process still has its logger", first.log_up_to(Level::All), Ok(false));
    expect("the first process still has its lines", first.log(), Ok(7));
    expect(
        "the first process still has its times",
        first.next_time().map(|time| time.is_some()),
        Ok(true),
    );
    expect("the heap of the first process is still full", first.allocate(64), Ok(None));
    watch.expect_no_more();
    pass()
}

/// Uses up the heap of a process.
fn fill(name: &str, user: Handle<dyn User>) {
    let memory = probe::memory_of(&SYSTEM, name);
    for _ in 0..platform::HEAP / 64 {
        let address = user.allocate(64).ok().flatten().unwrap_or(0);
        expect_that("each process has a heap of its own", memory.contains(&address));
    }
    expect("a heap that is full", user.allocate(64), Ok(None));
}
