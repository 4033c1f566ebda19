// SPDX-License-Identifier: MIT OR Apache-2.0
//! With `cpu_time;` in the wiring, the kernel counts for each thread the time that it ran, and for each process the
//! time that threads ran in it. Calls of every kind count for the process to which they lead, and so do their returns.
//! No time is lost.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures time, and seeds let time jump.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::ops::Range;
use core::time::Duration;
use crossgate::{
    Concurrent, Exclusive, Handle, Lease, LeaseBuf, Notification, Signal, inspect, interface,
    thread, time,
};
use system_tests::report::{expect, expect_that, fail, pass};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The time by which a thread may compute longer than intended.
const TOLERANCE: Duration = Duration::from_millis(2);
/// The time in which the kernel switches to another thread, or more.
const SWITCH: Duration = Duration::from_micros(10);
/// The time for which a thread computes in one stretch.
const STRETCH: Duration = Duration::from_millis(5);

#[interface]
trait Mill {
    fn turn(&self, time: u32);
    fn turn_for(&self, memory: Lease<'_, [u8]>) -> u32;
    fn turn_with(&self, other: Handle<dyn Alone>) -> bool;
}

#[interface]
trait Alone {
    fn turn(&mut self);
}

struct Stone;

impl Mill for Stone {
    fn turn(&self, time: u32) {
        compute(Duration::from_micros(time.into()));
    }
    fn turn_for(&self, memory: Lease<'_, [u8]>) -> u32 {
        compute(STRETCH);
        memory.iter().map(u32::from).sum()
    }
    fn turn_with(&self, other: Handle<dyn Alone>) -> bool {
        other.turn().is_ok()
    }
}

impl Alone for Stone {
    fn turn(&mut self) {
        compute(STRETCH);
    }
}

crossgate::system! {
    static SYSTEM;
    cpu_time;
    process watcher {
        inspects;
        notification DONE;
        thread main (priority = 2, stack = 2048) = watch(DONE);
    }
    process mill { object stone: Concurrent<Stone> = Stone => [MILL: dyn Mill]; }
    process cell { object stone: Exclusive<Stone> = Stone => [CELL: dyn Alone]; }
    process worker {
        thread main (priority = 5, stack = 4096) = work(MILL, CELL, DONE);
    }
    process blind {
        thread main (priority = 4, stack = 1024) = look_in_vain();
    }
}

board::start!(SYSTEM);

const IDLE: u8 = 0;
const MAIN: u8 = 1;
const WORKER: u8 = 2;
const BLIND: u8 = 3;

/// Uses the CPU.
fn compute(duration: Duration) {
    let end = time::now() + duration;
    while time::now() < end {}
}

fn work(mill: Handle<dyn Mill>, cell: Handle<dyn Alone>, done: Signal) -> ! {
    // Four stretches at home, one before calls and three right after calls; three stretches in the mill ...
    compute(STRETCH);
    expect("a call", mill.turn(5_000), Ok(()));
    compute(STRETCH);
    let mut memory = LeaseBuf::<32>::new();
    memory.fill(1);
    expect("a call that lends", mill.turn_for(&memory[..]), Ok(32));
    compute(STRETCH);
    for _ in 0..50 {
        expect("a short call", mill.turn(100), Ok(()));
    }
    // ... and two stretches in the cell.
    expect("a call of an exclusive object", cell.turn(), Ok(()));
    compute(STRETCH);
    expect("a nested call", mill.turn_with(cell), Ok(true));
    let _ = done.signal();
    thread::exit()
}

fn look_in_vain() -> ! {
    expect_that(
        "the process may not read times of threads",
        inspect::cpu_time_of_thread(MAIN).is_err(),
    );
    expect_that(
        "the process may not read times of processes",
        inspect::cpu_time_of_process(0).is_err(),
    );
    thread::exit()
}

fn of_thread(index: u8) -> Duration {
    inspect::cpu_time_of_thread(index).ok().flatten().unwrap_or_default()
}

fn of_process(name: &str) -> Duration {
    let index = SYSTEM.processes.iter().position(|process| process.name == name);
    let time = index.and_then(|index| inspect::cpu_time_of_process(index as u8).ok());
    time.flatten().unwrap_or_default()
}

fn expect_time(what: &str, time: Duration, stretches: Range<u32>) {
    if time < stretches.start * STRETCH || time > stretches.end * STRETCH + TOLERANCE {
        fail(format_args!("{what} has {time:?}, not {stretches:?} times {STRETCH:?}"));
    }
}

fn watch(done: Notification) -> ! {
    done.wait();
    // The calls around the stretches take time, too.
    expect_time("the worker", of_thread(WORKER), 9..12);
    expect_time("its process", of_process("worker"), 4..6);
    expect_time("the mill", of_process("mill"), 3..4);
    expect_time("the cell", of_process("cell"), 2..2);
    expect_time("the thread that may not inspect", of_thread(BLIND), 0..0);
    let before = of_thread(IDLE);
    time::sleep(8 * STRETCH);
    // (The sleep begins before the idle thread runs.)
    expect_time("the idle thread", of_thread(IDLE) - before + SWITCH, 8..8);
    let start = of_thread(MAIN);
    compute(2 * STRETCH);
    expect_time("the watcher", of_thread(MAIN) - start, 2..2);
    let threads: Duration = (0..=BLIND).map(of_thread).sum();
    let lost = time::now() - time::Instant::from_micros(0) - threads;
    expect_that("no time is lost", lost < MILLISECOND);
    expect("a thread that does not exist", inspect::cpu_time_of_thread(BLIND + 1), Ok(None));
    pass()
}
