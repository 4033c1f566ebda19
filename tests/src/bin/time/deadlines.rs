// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls that have to end in time. An orderly server gives up, a server that continues to compute is stopped, and a
//! thread that waits for an object returns. No server can lengthen the time of its caller.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::time::with_deadline;
use crossgate::{CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, time};
use crossgate_abi::{Cause, DEADLINE_UNIT, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

const MILLISECOND: Duration = Duration::from_millis(1);
/// The longest time that a call may last after its deadline: the grace period, and a little more.
const GRACE: Duration = Duration::from_millis(14);
/// The time for which a method computes before it waits.
const COMPUTES: Duration = Duration::from_millis(12);

#[interface]
trait Work {
    /// Waits for a long time. Returns the time in ms.
    fn wait(&self) -> u32;
    /// Computes for a while, and then waits for a long time. Returns the time in ms.
    fn compute_and_wait(&self) -> u32;
    /// Computes for ever.
    fn spin(&self);
    /// Returns the number of calls in this life.
    fn calls(&self) -> u32;
}

struct Worker {
    calls: AtomicU32,
    never: Notification,
}

impl Worker {
    const fn new(never: Notification) -> Worker {
        Worker { calls: AtomicU32::new(0), never }
    }
}

impl Work for Worker {
    fn wait(&self) -> u32 {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let start = time::now();
        let _ = self.never.wait_timeout(1000 * MILLISECOND);
        (time::now() - start).as_millis() as u32
    }
    fn compute_and_wait(&self) -> u32 {
        let start = time::now();
        while time::now() - start < COMPUTES {}
        self.wait();
        (time::now() - start).as_millis() as u32
    }
    fn spin(&self) {
        loop {
            core::hint::spin_loop();
        }
    }
    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// A server that tries to get more time than its caller has given.
struct Greedy {
    worker: Handle<dyn Work>,
    /// The time that the server sets itself, in ticks; 0: the longest possible.
    time: u64,
}

impl Work for Greedy {
    /// Waits in a loop, whatever the results are.
    fn wait(&self) -> u32 {
        loop {
            let _ = self.worker.wait();
        }
    }
    fn compute_and_wait(&self) -> u32 {
        0
    }
    /// Sets new deadlines in a loop.
    fn spin(&self) {
        loop {
            let now = time::now().as_micros() / DEADLINE_UNIT;
            let limit = if self.time == 0 { 0 } else { now + self.time };
            let _ = raw::system_call(number::SET_DEADLINE, [limit as usize & 0xffff, 0, 0, 0]);
            let _ = self.worker.calls();
        }
    }
    fn calls(&self) -> u32 {
        with_deadline(5 * MILLISECOND, || self.worker.wait()).unwrap_or(u32::MAX)
    }
}

#[interface]
trait Alone {
    fn hold(&mut self);
}

struct Holder;

impl Alone for Holder {
    fn hold(&mut self) {
        time::sleep(60 * MILLISECOND);
    }
}

crossgate::system! {
    static SYSTEM;
    process worker {
        notification NEVER;
        object worker: Concurrent<Worker> = Worker::new(NEVER) => [WORK: dyn Work];
    }
    process greedy {
        deadlines;
        object greedy: Concurrent<Greedy> = Greedy { worker: WORK, time: 0 } => [GREEDY: dyn Work];
        object modest: Concurrent<Greedy> = Greedy { worker: WORK, time: 1000 } => [MODEST: dyn Work];
    }
    process alone { object holder: Exclusive<Holder> = Holder => [ALONE: dyn Alone]; }
    process holder { thread main (priority = 6, stack = 1024) = hold(ALONE); }
    process client {
        deadlines;
        thread main (priority = 5, stack = 2048) = client(WORK, [GREEDY, MODEST], ALONE, DONE);
    }
    process weak { thread main (priority = 7, stack = 1024) = weak(WORK); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        // Less urgent than the client, which so goes on at once when it is taken out of a call.
        thread main (priority = 4, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn weak(work: Handle<dyn Work>) -> ! {
    let limited = with_deadline(MILLISECOND, || work.calls());
    expect("a deadline without the right", limited, Err(CallError::NotPermitted));
    crossgate::thread::exit()
}

fn hold(alone: Handle<dyn Alone>) -> ! {
    expect("a call without a deadline", alone.hold(), Ok(()));
    crossgate::thread::exit()
}

/// Makes a call with a deadline. Returns the result of the call, and the time that it took.
#[track_caller]
fn within<T>(
    limit: Duration,
    most: Duration,
    call: impl FnOnce() -> Result<T, CallError>,
) -> Result<T, CallError> {
    let start = time::now();
    let result = with_deadline(limit, call);
    let taken = time::now() - start;
    expect_that("the call ends in time", taken >= limit && taken <= most);
    result
}

fn client(
    work: Handle<dyn Work>,
    [greedy, modest]: [Handle<dyn Work>; 2],
    alone: Handle<dyn Alone>,
    done: Signal,
) -> ! {
    let late = Err(CallError::DeadlineExceeded);
    let limit = 10 * MILLISECOND;
    let waited = within(limit, limit + 2 * MILLISECOND, || alone.hold());
    expect("a wait for an object", waited, late);

    let waited = within(limit, limit + 2 * MILLISECOND, || work.wait());
    expect_that("an orderly server", waited.is_ok_and(|milliseconds| milliseconds <= 12));
    expect("the server has not crashed", work.calls(), Ok(1));
    let waited = within(limit, limit + 4 * MILLISECOND, || work.compute_and_wait());
    expect_that(
        "a wait that begins after the deadline",
        waited.is_ok_and(|milliseconds| milliseconds <= 14),
    );
    time::sleep(60 * MILLISECOND);
    expect("the server has not crashed", work.calls(), Ok(2));
    for _ in 0..30 {
        // At different times within the kernel's units, and inside another deadline.
        time::sleep(Duration::from_micros(100));
        let begun = with_deadline(Duration::ZERO, || work.wait());
        expect("a call without time", begun.err(), late.err());
        let begun = with_deadline(limit, || with_deadline(Duration::ZERO, || work.wait()));
        expect("another one", begun.err(), late.err());
    }
    expect("the method was not entered", work.calls(), Ok(2));

    expect("a server that computes", within(limit, limit + GRACE, || work.spin()), late);
    expect("it restarts", work.calls(), Ok(0));

    // The innermost call ends first, then the server that waits in a loop.
    let waited = within(limit, limit + 6 * GRACE, || greedy.wait());
    expect("a server that hides behind calls", waited.err(), Some(CallError::DeadlineExceeded));
    // So long that the grace period of the earlier call is over.
    time::sleep(60 * MILLISECOND);
    let spun = within(limit, limit + 6 * GRACE, || greedy.spin());
    expect("a server that gives itself all time", spun, late);
    time::sleep(60 * MILLISECOND);
    let spun = within(limit, limit + 6 * GRACE, || modest.spin());
    expect("a server that gives itself a second", spun, late);

    time::sleep(60 * MILLISECOND);
    let nested = with_deadline(200 * MILLISECOND, || greedy.calls());
    expect_that(
        "the nearer deadline of a server",
        nested.is_ok_and(|milliseconds| milliseconds <= 8),
    );
    let outer = with_deadline(3 * MILLISECOND, || with_deadline(500 * MILLISECOND, || work.wait()));
    expect_that("the nearer of two deadlines", outer.is_ok_and(|milliseconds| milliseconds <= 6));
    // The deadline passed so long ago that its number seems to lie in the future.
    for (outer, inner) in [(5, 2), (2, 5)] {
        let begun = with_deadline(outer * MILLISECOND, || {
            with_deadline(inner * MILLISECOND, || {
                time::sleep(34_000 * MILLISECOND);
                Ok::<(), CallError>(())
            })?;
            work.calls()
        });
        expect("a call long after its deadline", begun.err(), late.err());
    }
    let start = time::now();
    let free = work.wait();
    expect_that("no deadline is left", free.is_ok_and(|milliseconds| milliseconds >= 1000));
    expect_that("no deadline is left", time::now() - start >= 1000 * MILLISECOND);
    expect("signal", done.signal(), Ok(()));
    crossgate::thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let record = watch.expect("worker", Cause::Deadline);
    expect("the thread", SYSTEM.threads[usize::from(record.thread)].name, "main");
    for _ in 0..3 {
        watch.expect("greedy", Cause::Deadline);
    }
    done.wait();
    watch.expect_no_more();
    pass()
}
