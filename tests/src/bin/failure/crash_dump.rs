// SPDX-License-Identifier: MIT OR Apache-2.0
//! After a crash there is a dump. It contains the registers and the crashed process' part of the stack, and no other
//! word, whatever the stack pointer was. Only a process with the right reads the dump.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use crossgate::dump::{self, CrashDump};
use crossgate::fault::{Cause, Faults};
use crossgate::{
    CallError, Concurrent, Handle, Notification, inspect, interface, supervise, thread,
};
use crossgate_abi::number;
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::{arch, probe};

/// A word in the part of the stack that belongs to the crashing process, ...
const OWN: u32 = 0x0d0d_0d0d;
/// ... and a word in memory that is closed to that process.
const CLOSED: u32 = 0xc105_ed00;

/// The distance between two stack pointers that are tried.
const STEP: usize = if cfg!(target_os = "none") { 24 } else { 1960 };

#[interface]
trait Crash {
    /// Reads memory that the process may not read.
    fn access(&self, address: usize);
    fn panic(&self);
    /// Executes an undefined instruction with this stack pointer.
    fn undefined_at(&self, stack_pointer: usize);
    /// Crashes in one of several ways with this stack pointer, unless the way does not crash.
    fn crash_at(&self, stack_pointer: usize, way: u32);
    fn overflow(&self);
    /// Returns `true` if the process may read the last dump.
    fn may_read(&self) -> bool;
}

struct Crasher;

impl Crash for Crasher {
    fn access(&self, address: usize) {
        let own = black_box([OWN; 4]);
        black_box(probe::load(address));
        black_box(own);
    }
    fn panic(&self) {
        panic!("a server panics on request")
    }
    fn undefined_at(&self, stack_pointer: usize) {
        arch::undefined_at(stack_pointer)
    }
    fn crash_at(&self, stack_pointer: usize, way: u32) {
        match way {
            0 => {
                let selector = number::system_call(number::PANIC);
                let _ = arch::trap_at_with(stack_pointer, selector, [0; 4]);
            }
            1 => {
                let selector = number::system_call(number::EXIT);
                let _ = arch::trap_at_with(stack_pointer, selector, [0; 4]);
            }
            2 => arch::breakpoint_at(stack_pointer),
            _ => arch::undefined_at(stack_pointer),
        }
    }
    fn overflow(&self) {
        deeper(1);
    }
    fn may_read(&self) -> bool {
        dump::read().is_ok()
    }
}

#[inline(never)]
fn deeper(depth: u32) -> u32 {
    let memory = black_box([depth; 16]);
    memory[0] + if black_box(true) { deeper(depth + 1) } else { 0 }
}

crossgate::system! {
    static SYSTEM;
    process reader {
        crash_dumps;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 3, stack = 8192) = watch(CRASH, FAULTED);
    }
    process crasher {
        inspects;
        on_fault = restart (limit = 255);
        object crasher: Concurrent<Crasher> = Crasher => [CRASH: dyn Crash];
    }
    process nosy {
        inspects;
        thread main (priority = 4, stack = 2048) = look_in_vain();
    }
}

board::start!(SYSTEM);

fn look_in_vain() -> ! {
    expect_that("this process may inspect", inspect::thread(1).is_ok());
    expect("a dump", dump::read().map(|_| ()), Err(CallError::NotPermitted));
    thread::exit()
}

/// Returns the dump of the newest crash.
fn newest(faults: &mut Faults) -> CrashDump {
    let Ok(Some(dump)) = dump::read() else { fail(format_args!("there is no dump")) };
    let record = faults.next();
    expect("the record", record, Some(dump.record()));
    expect_that("the dump is of this run", dump.is_of_this_run());
    check(&dump);
    // Without this call, the crashed process would wait before it restarts.
    expect("a restart", supervise::restart(dump.record().process), Ok(()));
    dump
}

/// Returns whether a word is the word in closed memory. (That word must be in no register, because registers are saved
/// below, in a part of the stack that later belongs to a callee.)
fn is_closed(word: usize) -> bool {
    !(word as u32) == black_box(!CLOSED)
}

/// Checks that the crashed process could have read all contents of the dump itself.
fn check(dump: &CrashDump) {
    let stack = probe::stack_of(&SYSTEM, "main", 3);
    for (address, word) in dump.stack() {
        expect_that("a word of the stack", stack.contains(&address));
        expect_that("no closed word", !is_closed(word));
    }
}

fn register(dump: &CrashDump, names: [&str; 2]) -> usize {
    let found = dump.registers().find(|(name, _)| names.contains(name));
    found.map_or(0, |(_, value)| value)
}

fn watch(crash: Handle<dyn Crash>, _: Notification) -> ! {
    let mut faults = Faults::new();
    let closed = black_box([CLOSED; 8]);
    expect("a dump before the first crash", dump::read().map(|it| it.is_some()), Ok(false));

    let address = probe::memory_of(&SYSTEM, "nosy").start;
    expect("a crash", crash.access(address), Err(CallError::ServerFaulted));
    let dump = newest(&mut faults);
    expect("the cause", dump.record().cause, Cause::Access);
    let counter = arch::in_program(register(&dump, ["pc", "rip"]));
    expect("the address of the crash", counter, dump.record().instruction);
    let (start, _) = dump.stack().next().unwrap_or_default();
    expect("the first word of the stack", start, register(&dump, ["sp", "rsp"]));
    let is_own = |(_, word): (usize, usize)| word as u32 == OWN || (word >> 16 >> 16) as u32 == OWN;
    expect_that("a word of its own stack", dump.stack().any(is_own));

    expect("a panic", crash.panic(), Err(CallError::ServerFaulted));
    let dump = newest(&mut faults);
    expect("the cause", dump.record().cause, Cause::Panic);
    expect_that("the dump contains a part of the stack", dump.stack().count() != 0);

    expect("an overflow", crash.overflow(), Err(CallError::ServerFaulted));
    expect("the cause", newest(&mut faults).record().cause, Cause::Stack);

    let own = closed.as_ptr().addr();
    let stack = probe::stack_of(&SYSTEM, "main", 3);
    for pointer in [own, own & !7, address, 0, 4, usize::MAX, usize::MAX & !31, 1 << 31] {
        expect("a wild stack", crash.undefined_at(pointer), Err(CallError::ServerFaulted));
        let dump = newest(&mut faults);
        // A CPU that knows the lower end of the stack refuses a stack pointer below it, so the stack has not changed.
        let is_own = |(address, _): (usize, usize)| (stack.start..own).contains(&address);
        let is_refused = pointer < stack.start && dump.stack().all(is_own);
        expect_that("the words of a wild stack", is_refused || dump.stack().count() == 0);
    }
    // All over the stack, in the part of the crashing process, and in that of its caller.
    let mut told = 0;
    for (pointer, way) in stack.step_by(STEP).zip((0..4).cycle()) {
        expect("a crash anywhere", crash.crash_at(pointer, way), Err(CallError::ServerFaulted));
        let dump = newest(&mut faults);
        told += dump.stack().count();
        let is_above = |(address, _): (usize, usize)| address >= own;
        expect_that("no word of the caller", !dump.stack().any(is_above));
        expect_that(
            "no register of the caller",
            !dump.registers().any(|(_, word)| is_closed(word)),
        );
    }
    expect_that("the dump contains words of its own", told != 0);
    expect("the server may read the dump", crash.may_read(), Ok(false));
    expect_that("this process may not inspect", inspect::thread(1).is_err());
    black_box(closed);
    pass()
}
