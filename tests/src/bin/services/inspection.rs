// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process with the right sees the state of threads and processes, and how much of their stacks was used. No other
//! process sees this.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use core::time::Duration;
use crossgate::arch::system_call;
use crossgate::fault::{Cause, Faults, NOBODY};
use crossgate::inspect::{self, State, Wait};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, supervise, thread,
    time,
};
use crossgate_abi::inspect::{CRASHES, DUMP, FAULT, STACK, THREAD};
use crossgate_abi::table::ProcessRow;
use crossgate_abi::{FaultRecord, Status, number};
use system_tests::report::{broken, expect, expect_that, pass};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The number of bytes of stack that the worker uses before the second measurement.
const MUCH: usize = 1500;

/// A server that keeps its guests, crashes, or tries to inspect.
#[interface]
trait House {
    fn sleep(&self);
    fn crash(&self);
    /// Returns `true` if the server's process may inspect.
    fn may_look(&self) -> bool;
}

struct Open;

impl House for Open {
    fn sleep(&self) {
        time::sleep(1000 * MILLISECOND);
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
    fn may_look(&self) -> bool {
        inspect::thread(1).is_ok()
    }
}

/// Lets one guest in.
#[interface]
trait Cell {
    fn sleep(&mut self);
}

struct Narrow;

impl Cell for Narrow {
    fn sleep(&mut self) {
        time::sleep(1000 * MILLISECOND);
    }
}

#[interface]
trait Keeper {
    fn stop(&self, process: u8) -> bool;
}

struct Supervisor;

impl Keeper for Supervisor {
    fn stop(&self, process: u8) -> bool {
        supervise::stop(process).is_ok()
    }
}

crossgate::system! {
    static SYSTEM;
    process watcher {
        inspects;
        thread main (priority = 2, stack = 2048) = watch(HOUSE, KEEPER, MORE);
    }
    process house { object house: Concurrent<Open> = Open => [HOUSE: dyn House]; }
    process cell { object cell: Exclusive<Narrow> = Narrow => [CELL: dyn Cell]; }
    process keeper {
        notification FAULTED;
        supervisor FAULTED;
        object keeper: Concurrent<Supervisor> = Supervisor => [KEEPER: dyn Keeper];
        thread main (priority = 9, stack = 1024) = attack_as_supervisor(FAULTED);
    }
    process worker {
        notification REST;
        notification MORE;
        thread main (priority = 8, stack = 4096) = work(REST, MORE);
    }
    process guests {
        thread visitor (priority = 7, stack = 1024) = visit(HOUSE);
        thread inside (priority = 6, stack = 1024) = stay(CELL);
        thread outside (priority = 5, stack = 1024) = stay(CELL);
        thread done (priority = 4, stack = 1024) = thread::exit();
    }
}

board::start!(SYSTEM);

const MAIN: u8 = 1;
const WORKER: u8 = 3;
const VISITOR: u8 = 4;
const INSIDE: u8 = 5;
const OUTSIDE: u8 = 6;
const DONE: u8 = 7;

fn visit(house: Handle<dyn House>) -> ! {
    while house.sleep().is_ok() {}
    thread::exit()
}

fn stay(cell: Handle<dyn Cell>) -> ! {
    while cell.sleep().is_ok() {}
    thread::exit()
}

/// Supervises. This right does not include the right to inspect.
fn attack_as_supervisor(faulted: Notification) -> ! {
    expect("a look", inspect::thread(MAIN), Err(CallError::NotPermitted));
    expect("a look at a stack", inspect::stack_used(MAIN), Err(CallError::NotPermitted));
    expect("a look at a process", inspect::process(0), Err(CallError::NotPermitted));
    faulted.wait();
    thread::exit()
}

#[inline(never)]
fn use_stack() {
    let mut memory = [0_u8; MUCH];
    black_box(&mut memory);
    memory.fill(black_box(1));
    black_box(&memory);
}

fn work(rest: Notification, more: Notification) -> ! {
    more.wait();
    use_stack();
    rest.wait();
    broken("has signalled a notification of another process")
}

fn index_of(name: &str) -> u8 {
    let index = SYSTEM.processes.iter().position(|process| process.name == name);
    index.map_or(NOBODY, |index| index as u8)
}

fn watch(house: Handle<dyn House>, keeper: Handle<dyn Keeper>, more: Signal) -> ! {
    time::sleep(MILLISECOND);
    look_at_threads();
    look_at_stacks(more);
    look_at_processes(house, keeper);
    expect("another process may inspect", house.may_look(), Ok(false));
    ask_wildly();
    pass()
}

fn look_at_threads() {
    let look = |index| inspect::thread(index);
    let thread = |process, priority, depth, waits| {
        Ok(inspect::Thread { process: index_of(process), priority, depth, waits })
    };
    expect("the state of the thread itself", look(MAIN), thread("watcher", 2, 0, Wait::Nothing));
    let more = Wait::Notifications(ProcessRow::notification(1));
    expect("a thread that waits for a notification", look(WORKER), thread("worker", 8, 0, more));
    expect("a visitor", look(VISITOR), thread("house", 7, 1, Wait::Time));
    expect("a thread in an object", look(INSIDE), thread("cell", 6, 1, Wait::Time));
    let waits = Wait::Object { lock: 0, holder: Some(INSIDE) };
    expect("a thread that waits for the object", look(OUTSIDE), thread("guests", 5, 0, waits));
    expect("a thread that has ended", look(DONE), thread("guests", 4, 0, Wait::Ended));
    expect("a thread that does not exist", look(DONE + 1), Err(CallError::NotPermitted));
    let calls = inspect::calls(VISITOR).map(|calls| SYSTEM.services[usize::from(calls[0])].name);
    expect("the service that a thread has called", calls, Ok("HOUSE"));
}

fn look_at_stacks(more: Signal) {
    let used = || inspect::stack_used(WORKER).unwrap_or(0);
    let before = used();
    expect_that("a stack is used", before != 0);
    expect_that("not much of the stack is used", before < MUCH);
    expect("a signal", more.signal(), Ok(()));
    time::sleep(MILLISECOND);
    let after = used();
    expect_that(
        "more of the stack was used",
        (before.max(MUCH)..before + 2 * MUCH).contains(&after),
    );
    expect("the same value again", used(), after);
    let own = inspect::stack_used(MAIN).unwrap_or(0);
    expect_that("its own stack is used", own != 0);
}

fn look_at_processes(house: Handle<dyn House>, keeper: Handle<dyn Keeper>) {
    let look = |name| {
        let process = inspect::process(index_of(name)).ok();
        process.map(|it| (it.state, it.crashes, it.crashed_at.is_some()))
    };
    expect("a process", look("house"), Some((State::Running, 0, false)));
    expect("a crash", house.crash(), Err(CallError::ServerFaulted));
    let mut faults = Faults::new();
    let record = faults.next().map(|record| (record.process, record.cause));
    expect("a record", record, Some((index_of("house"), Cause::Panic)));
    expect("another", faults.next().is_none(), true);
    expect("a process that restarts", look("house").map(|it| (it.1, it.2)), Some((1, true)));
    expect("a process that may not supervise", supervise::stop(0), Err(CallError::NotPermitted));
    expect("the decision", keeper.stop(index_of("cell")), Ok(true));
    expect("a process that has stopped", look("cell"), Some((State::Stopped, 0, false)));
    let there = inspect::process(SYSTEM.processes.len() as u8);
    expect("a process that does not exist", there, Err(CallError::NotPermitted));
}

/// Tests that every inspection has a result.
fn ask_wildly() {
    let sized = |words| Status(system_call(number::OPTIONAL, words).status);
    for from in [1, 2, 3, 127, 1023, 1 << 20, usize::MAX / 2, usize::MAX - 3, usize::MAX] {
        expect("a piece of a stack", sized([STACK, WORKER.into(), from]), Status::OK);
    }
    for index in [DONE as usize + 1, 0x100 + 1, 0x1_0000, usize::MAX] {
        for subject in [0, 1, 2, 3, 5, 99, usize::MAX] {
            expect(
                "an index that does not exist",
                sized([subject, index, 0]),
                Status::NO_SUCH_RECORD,
            );
        }
    }
    for index in
        [0, 1, FaultRecord::WORDS, SYSTEM.processes.len(), 1 << 8, usize::MAX / 8, usize::MAX]
    {
        for from in [2 * FaultRecord::WORDS, 1 << 8, 1 << 16, usize::MAX / 2, usize::MAX] {
            expect("no such word", sized([CRASHES, index, from]), Status::NO_SUCH_RECORD);
            expect("no such record", sized([FAULT, index, from]), Status::NO_SUCH_RECORD);
            expect("a dump", sized([DUMP, index, from]), CallError::NotPermitted.into());
        }
    }
    expect("the idle thread", sized([THREAD, 0, 0]), Status::OK);
}
