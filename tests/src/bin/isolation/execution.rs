// SPDX-License-Identifier: MIT OR Apache-2.0
//! Code that a process must not execute: data, instructions that trap, and code of other processes with the objects of
//! these processes. Each attempt stops only the attacker's process, with the right cause.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::cell::UnsafeCell;
use core::ops::Range;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe, raw};

/// Memory of a process that the process may write.
struct Scratch(UnsafeCell<u32>);

// SAFETY: one thread uses the memory.
unsafe impl Sync for Scratch {}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process runs_stack { on_fault = stop; thread stack (priority = 5, stack = 1024) = run_stack(); }
    process runs_static {
        on_fault = stop;
        object scratch: Concurrent<Scratch> = Scratch(UnsafeCell::new(arch::RETURN)) => [];
        thread attack (priority = 5, stack = 1024) = run_static(&scratch);
    }
    process runs_kernel_memory { on_fault = stop; thread attack (priority = 5, stack = 1024) = run(probe::kernel_memory()); }
    process undefined { on_fault = stop; thread attack (priority = 5, stack = 1024) = undefined(); }
    process breakpoint { on_fault = stop; thread attack (priority = 5, stack = 1024) = breakpoint(); }
    process divides_by_zero { on_fault = stop; thread attack (priority = 5, stack = 1024) = divide_by_zero(); }
    process takes_an_object { on_fault = stop; thread attack (priority = 5, stack = 1024) = run_method(victim_memory().start); }
}
board::start!(SYSTEM);

fn run_stack() -> ! {
    let code = UnsafeCell::new(arch::RETURN);
    run(code.get().addr())
}

fn run_static(scratch: &Scratch) -> ! {
    run(scratch.0.get().addr())
}

/// Calls code at `address` that would return.
fn run(address: usize) -> ! {
    arch::run(address);
    broken("has executed data")
}

fn undefined() -> ! {
    arch::undefined();
    broken("has executed an undefined instruction")
}

fn breakpoint() -> ! {
    arch::breakpoint();
    broken("has continued after a breakpoint")
}

fn divide_by_zero() -> ! {
    arch::divide_by_zero();
    broken("has divided by zero")
}

/// Jumps to the entry of a method of the victim, with the victim's object. All processes can read and execute this
/// code, but the jump gives the attacker no rights.
fn run_method(object: usize) -> ! {
    let method = SYSTEM.services.get(raw::index(&SYSTEM, "VAULT")).map(|vault| &vault.methods[1]);
    arch::run_method(method.map_or(0, |method| method.entry as usize), object);
    broken("has returned from a method that it had not called")
}

/// Returns the address of the victim's only static, its object. (The linker refuses code of other processes that names
/// the static.)
fn victim_memory() -> Range<usize> {
    probe::memory_of(&SYSTEM, "victim")
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim continues", vault.is_intact(), Ok(true));
    let kernel = probe::kernel_memory();
    for (process, memory) in [
        ("runs_stack", probe::stack_of(&SYSTEM, "stack", 5)),
        ("runs_static", probe::memory_of(&SYSTEM, "runs_static")),
        ("runs_kernel_memory", kernel..kernel + 1),
    ] {
        let record = watch.expect(process, Cause::Execute);
        let is_there = memory.map(arch::in_program).any(|address| address == record.instruction);
        expect_that("the instruction is the one to which the attacker jumped", is_there);
        goes_on();
    }
    for process in ["undefined", "breakpoint", "divides_by_zero"] {
        let record = watch.expect(process, Cause::Instruction);
        expect("the instruction is known", record.instruction != 0, true);
        goes_on();
    }
    let record = watch.expect("takes_an_object", Cause::Access);
    expect(
        "the address is that of the victim's object",
        victim_memory().contains(&record.address),
        true,
    );
    goes_on();
    watch.expect_no_more();
    pass()
}
