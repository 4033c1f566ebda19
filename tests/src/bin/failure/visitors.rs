// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads are inside a process when another thread crashes it. Wherever they are, they return to their callers with an
//! error, and hold nothing for which others wait.
//!
//! Without seeds: the order of the crashes depends on time.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, thread, time,
};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, pass};
use system_tests::watch::Watch;

/// A server that takes some time.
#[interface]
trait Slow {
    fn act(&self) -> u32;
}

/// A server that takes some time, and admits one call at a time.
#[interface]
trait SlowAlone {
    fn act(&mut self) -> u32;
}

/// Keeps its visitors for ever.
struct Keeps;
impl Slow for Keeps {
    fn act(&self) -> u32 {
        time::sleep(Duration::from_secs(1000));
        broken("continues in a process that is stopped")
    }
}

/// Passes its visitors on to a server that takes some time; meanwhile this process crashes.
struct Passes {
    next: Handle<dyn Slow>,
}
impl Slow for Passes {
    fn act(&self) -> u32 {
        let _ = self.next.act();
        broken("continues in a process that is stopped")
    }
}

struct Sleeps;
impl Slow for Sleeps {
    fn act(&self) -> u32 {
        time::sleep(Duration::from_millis(30));
        5
    }
}

/// Crashes while others wait for the object.
struct Alone;
impl SlowAlone for Alone {
    fn act(&mut self) -> u32 {
        time::sleep(Duration::from_millis(5));
        panic!("a server panics while others wait for it")
    }
}

/// An object for which a thread waits that is taken out of its process.
struct Busy;
impl SlowAlone for Busy {
    fn act(&mut self) -> u32 {
        time::sleep(Duration::from_millis(30));
        6
    }
}

/// Calls the busy server from a process that crashes meanwhile.
struct Waits {
    next: Handle<dyn SlowAlone>,
}
impl Slow for Waits {
    fn act(&self) -> u32 {
        let _ = self.next.act();
        broken("continues in a process that is stopped")
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        counting notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE, [SLEEPS], [BUSY]);
    }
    process sleeper { on_fault = stop; object sleeps: Concurrent<Sleeps> = Sleeps => [SLEEPS: dyn Slow]; }
    process busy { on_fault = stop; object busy: Exclusive<Busy> = Busy => [BUSY: dyn SlowAlone]; }
    process keeper {
        on_fault = stop;
        object keeps: Concurrent<Keeps> = Keeps => [KEEPS: dyn Slow];
        thread saboteur (priority = 7, stack = 512) = crash_at(10);
    }
    process passes {
        on_fault = stop;
        object passes: Concurrent<Passes> = Passes { next: SLEEPS } => [PASSES: dyn Slow];
        thread saboteur (priority = 7, stack = 512) = crash_at(15);
    }
    process waits {
        on_fault = stop;
        object waits: Concurrent<Waits> = Waits { next: BUSY } => [WAITS: dyn Slow];
        thread saboteur (priority = 7, stack = 512) = crash_at(20);
    }
    process alone { on_fault = stop; object alone: Exclusive<Alone> = Alone => [ALONE: dyn SlowAlone]; }
    process homeless {
        on_fault = stop;
        thread caller (priority = 5, stack = 1024) = called_on(SLEEPS);
        thread saboteur (priority = 7, stack = 512) = crash_at(25);
    }

    process client {
        on_fault = stop;
        thread kept (priority = 5, stack = 1024) = kept(KEEPS, DONE);
        thread passing (priority = 5, stack = 1024) = passing(PASSES, DONE);
        thread holding (priority = 6, stack = 1024) = holding(BUSY, DONE);
        thread waiting (priority = 5, stack = 1024) = waiting(WAITS, DONE);
        thread first (priority = 4, stack = 1024) = in_line(ALONE, CallError::ServerFaulted, DONE);
        thread second (priority = 4, stack = 1024) = in_line(ALONE, CallError::ServerDown, DONE);
    }
}
board::start!(SYSTEM);

/// Crashes its process after this number of ms.
fn crash_at(milliseconds: u64) -> ! {
    time::sleep(Duration::from_millis(milliseconds));
    panic!("the process is stopped")
}

fn finish(done: Signal) -> ! {
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Sleeps inside the process that crashes.
fn kept(keeper: Handle<dyn Slow>, done: Signal) -> ! {
    let start = time::now();
    expect(
        "a call of a server that is stopped meanwhile",
        keeper.act(),
        Err(CallError::ServerFaulted),
    );
    expect("the caller returns at once", time::now() - start < Duration::from_secs(1), true);
    finish(done)
}

/// Returns into the crashed process later, in which the thread must not continue.
fn passing(passes: Handle<dyn Slow>, done: Signal) -> ! {
    expect("a call through a stopped process", passes.act(), Err(CallError::ServerFaulted));
    finish(done)
}

fn holding(busy: Handle<dyn SlowAlone>, done: Signal) -> ! {
    expect("a call", busy.act(), Ok(6));
    finish(done)
}

/// Waits for an object in a third process. The crash ends this wait.
fn waiting(waits: Handle<dyn Slow>, done: Signal) -> ! {
    expect("a call from a stopped process", waits.act(), Err(CallError::ServerFaulted));
    finish(done)
}

/// The first thread crashes the process. The second thread waits for the lock that the first thread holds.
fn in_line(alone: Handle<dyn SlowAlone>, error: CallError, done: Signal) -> ! {
    expect("a call of a server that panics", alone.act(), Err(error));
    finish(done)
}

/// The home of this thread crashes while the thread is in a call. The thread finishes the call, and then ends.
fn called_on(sleeps: Handle<dyn Slow>) -> ! {
    let _ = sleeps.act();
    broken("has come home to a process that is stopped")
}

fn witness(
    faulted: Notification,
    done: Notification,
    [sleeps]: [Handle<dyn Slow>; 1],
    [busy]: [Handle<dyn SlowAlone>; 1],
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    // The locks that the crashed threads held are free, and so is the server that they visited.
    for process in ["alone", "keeper", "passes", "waits", "homeless"] {
        watch.expect(process, Cause::Panic);
    }
    for _ in 0..6 {
        expect("a client comes back", done.wait_timeout(Duration::from_secs(1)), Ok(()));
    }
    expect("another client is served", sleeps.act(), Ok(5));
    expect("another client is served", busy.act(), Ok(6));
    watch.expect_no_more();
    pass()
}
