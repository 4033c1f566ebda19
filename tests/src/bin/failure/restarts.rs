// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that crash restart or stop, as the wiring or the supervisor says.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, shared, supervise,
    thread, time,
};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Counts, until it crashes.
#[interface]
trait Counter {
    fn next(&mut self) -> u32;
    fn crash(&mut self) -> u32;
}

/// An object whose reset takes more than one piece. The counter is in the last piece.
#[repr(C)]
struct Count {
    before: [u32; 128],
    value: u32,
}

impl Count {
    const fn new() -> Count {
        Count { before: [0; 128], value: 0 }
    }
}

impl Counter for Count {
    fn next(&mut self) -> u32 {
        self.value += 1;
        self.value
    }
    fn crash(&mut self) -> u32 {
        self.before.fill(1000);
        self.value = 1000;
        panic!("a server panics on request")
    }
}

/// A process that outlives the others.
#[interface]
trait Tally {
    /// Records the start of another process. Returns the number of starts.
    fn begun(&self) -> u32;
    /// Returns the number of starts.
    fn count(&self) -> u32;
    /// Holds lent memory for a while, and then writes to it.
    fn keep(&self, memory: crossgate::LeaseMut<'_, u32>);
}

struct Tallies(AtomicU32);

impl Tally for Tallies {
    fn begun(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
    fn keep(&self, mut memory: crossgate::LeaseMut<'_, u32>) {
        time::sleep(20 * MILLISECOND);
        memory.write(7);
    }
}

/// Crashes while it holds lent memory.
struct Drops;

impl Tally for Drops {
    fn begun(&self) -> u32 {
        0
    }
    fn count(&self) -> u32 {
        0
    }
    fn keep(&self, _memory: crossgate::LeaseMut<'_, u32>) {
        time::sleep(30 * MILLISECOND);
        panic!("a server panics while it holds lent memory")
    }
}

shared! {
    static LENT: u32 = 5;
    static TRUSTED: u32 = 5;
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
    }
    process tally { object tally: Concurrent<Tallies> = Tallies(AtomicU32::new(0)) => [TALLY: dyn Tally]; }
    process steady {
        object count: Exclusive<Count> = Count::new() => [STEADY: dyn Counter];
        thread worker (priority = 9, stack = 1024) = begin_and_wait(TALLY);
    }
    process fragile {
        on_fault = restart (limit = 2);
        object fragile: Exclusive<Count> = Count::new() => [FRAGILE: dyn Counter];
    }
    process held {
        on_fault = stop;
        object held: Exclusive<Count> = Count::new() => [HELD: dyn Counter];
    }
    process lender {
        thread truster (priority = 8, stack = 1024) = trust(DROPS);
        thread lender (priority = 7, stack = 1024) = lend(TALLY, GO, BEGUN);
        thread crasher (priority = 3, stack = 1024) = crash_meanwhile(GO);
        notification GO;
    }
    process dropper {
        on_fault = stop;
        object drops: Concurrent<Drops> = Drops => [DROPS: dyn Tally];
    }
    process client {
        notification BEGUN;
        thread main (priority = 2, stack = 2048) = client(
            [STEADY, FRAGILE, HELD],
            TALLY,
            BEGUN,
            DONE,
        );
    }
}
board::start!(SYSTEM);

fn begin_and_wait(tally: Handle<dyn Tally>) -> ! {
    expect_that("the tally", tally.begun().is_ok());
    loop {
        time::sleep(Duration::from_secs(1000));
    }
}

/// Lends memory to which the reset of its process would write. In the second life, the memory has its initial value,
/// because the reset came after the lent memory was returned.
fn lend(tally: Handle<dyn Tally>, go: Notification, begun: Signal) -> ! {
    let Some(lent) = LENT.take() else { broken("has taken the static before") };
    expect("the lent static at first", *lent, 5);
    go.signal();
    let _ = tally.keep(&mut *lent);
    // The first life does not get here.
    expect("the lent static after the call", *lent, 7);
    expect("signal", begun.signal(), Ok(()));
    loop {
        time::sleep(Duration::from_secs(1000));
    }
}

/// Crashes once the memory is lent, in its first life.
fn crash_meanwhile(go: Notification) -> ! {
    go.wait();
    if is_first_life() {
        panic!("a process panics after it has lent memory");
    }
    thread::exit()
}

/// Lends memory to a server that crashes while it holds this memory, after the other server has returned the other
/// memory.
fn trust(drops: Handle<dyn Tally>) -> ! {
    let Some(trusted) = TRUSTED.take() else { broken("has taken the static before") };
    if is_first_life() {
        let _ = drops.keep(&mut *trusted);
        broken("has come home to its first life")
    }
    thread::exit()
}

/// Returns `true` in the first life of the process that lends.
fn is_first_life() -> bool {
    time::now().as_micros() < 10_000
}

fn client(
    [steady, fragile, held]: [Handle<dyn Counter>; 3],
    tally: Handle<dyn Tally>,
    begun: Notification,
    done: Signal,
) -> ! {
    time::sleep(70 * MILLISECOND);
    expect("the second life of a process that lent memory", begun.try_wait(), true);
    expect("lives of the worker", tally.count(), Ok(1));
    expect("the counter", steady.next(), Ok(1));
    expect("the counter", steady.next(), Ok(2));
    expect("a crash", steady.crash(), Err(CallError::ServerFaulted));
    expect("the counter in its second life", steady.next(), Ok(1));
    expect("lives of the worker", tally.count(), Ok(2));

    expect("a crash", fragile.crash(), Err(CallError::ServerFaulted));
    expect("the counter in its second life", fragile.next(), Ok(1));
    expect("a second crash", fragile.crash(), Err(CallError::ServerFaulted));
    let crashed = time::now();
    expect("a call before the process may start", fragile.next(), Err(CallError::ServerDown));
    while fragile.next() == Err(CallError::ServerDown) {
        time::sleep(MILLISECOND);
    }
    let wait = time::now() - crashed;
    expect_that("the process waits 10 ms", wait >= 9 * MILLISECOND && wait < 15 * MILLISECOND);
    expect("the counter in its third life", fragile.next(), Ok(2));
    expect("a third crash", fragile.crash(), Err(CallError::ServerFaulted));
    time::sleep(100 * MILLISECOND);
    expect("the process stays stopped", fragile.next(), Err(CallError::ServerDown));

    expect("a crash", held.crash(), Err(CallError::ServerFaulted));
    expect("the supervisor has restarted the process", held.next(), Ok(1));
    let nobody = supervise::restart(0);
    expect("a decision by another process", nobody, Err(CallError::NotPermitted));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for process in ["lender", "dropper", "steady"] {
        watch.expect(process, Cause::Panic);
    }
    for _ in 0..3 {
        watch.expect("fragile", Cause::Panic);
    }
    let record = watch.expect("held", Cause::Panic);
    expect("a decision", supervise::restart(record.process), Ok(()));
    expect("a process that does not exist", supervise::stop(200), Err(CallError::NotPermitted));
    done.wait();
    watch.expect_no_more();
    pass()
}
