// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes call the port's signal handler as Linux would. (With protection keys the handler has rights of its own.)
//!
//! Without seeds: they shorten sleeps, but a sleep here has to last until other threads have run.

use board::port::inside;
use core::arch::asm;
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, time};
use crossgate_abi::Cause;
use system_tests::fake::FakeStack;
use system_tests::probe;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process elsewhere { on_fault = stop; thread attack (priority = 5, stack = 1024) = with_registers_elsewhere(VAULT); }
    process within {
        on_fault = stop;
        object stack: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread attack (priority = 5, stack = 1024) = with_registers_on_the_stack_of_signals(&stack);
    }
    process on_the_victim { on_fault = stop; thread attack (priority = 5, stack = 1024) = with_the_stack_of_another(VAULT); }
    process last { on_fault = stop; thread last (priority = 1, stack = 1024) = last(VAULT); }
}
board::start!(SYSTEM);

/// A signal that the CPU sends.
const FAULT: usize = 11;
/// The offset of the instruction in the registers that Linux has saved, in bytes.
const INSTRUCTION: usize = 40 + 16 * 8;

/// Calls the handler with this stack pointer. Returns if that is a stack.
fn handle(stack_pointer: usize, info: usize, registers: usize) {
    // SAFETY: this is an attack; the stack pointer and the flags are restored.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, r13",
            // An attacker can choose this flag, so the handler must not rely on it.
            "std",
            "call r14",
            "cld",
            "mov rsp, r12",
            in("rdi") FAULT,
            in("rsi") info,
            in("rdx") registers,
            out("r12") _,
            in("r13") stack_pointer,
            in("r14") inside::signal_handler(),
            clobber_abi("C"),
        );
    }
}

fn steal() -> ! {
    let _ = probe::load(probe::memory_of(&SYSTEM, "victim").start);
    broken("has read the victim's memory")
}

fn own(stack: &FakeStack<512>) -> usize {
    stack.top() - 64
}

/// Passes the victim's secret as the registers, which the handler changes.
fn with_registers_elsewhere(vault: Handle<dyn Vault>) -> ! {
    let secret = vault.address().unwrap_or(0);
    let here = 0_usize;
    let stack_pointer = (&raw const here).addr() & !15;
    if inside::has_keys() {
        handle(stack_pointer - 1024, inside::signal_stack().start, secret - INSTRUCTION);
    }
    steal()
}

/// Passes registers on the stack of signals, as Linux does. The handler changes only these registers, and gives the
/// thread no more rights.
fn with_registers_on_the_stack_of_signals(stack: &FakeStack<512>) -> ! {
    if inside::has_keys() {
        let signals = inside::signal_stack().start;
        handle(own(stack), signals, signals + 1024);
    }
    steal()
}

/// Passes the victim's memory as the stack.
fn with_the_stack_of_another(vault: Handle<dyn Vault>) -> ! {
    // The word that is pushed first would overwrite the secret.
    let stack_pointer = vault.address().unwrap_or(0) + 3 * size_of::<usize>();
    if inside::has_keys() {
        let signals = inside::signal_stack().start;
        // SAFETY: as above, except that it does not return.
        unsafe {
            asm!(
                "mov rsp, {stack_pointer}",
                "jmp {handler}",
                stack_pointer = in(reg) stack_pointer,
                handler = in(reg) inside::signal_handler(),
                in("rdi") FAULT,
                in("rsi") signals,
                in("rdx") signals + 1024,
                options(noreturn),
            );
        }
    }
    steal()
}

/// Runs when all others have ended.
fn last(vault: Handle<dyn Vault>) -> ! {
    expect("the victim's secret", vault.is_intact(), Ok(true));
    time::sleep(Duration::from_millis(20));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for process in ["elsewhere", "within", "on_the_victim"] {
        watch.expect_one_of(process, &[Cause::Access, Cause::Stack]);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    faulted.wait();
    watch.expect_no_more();
    broken("has caused one more fault")
}
