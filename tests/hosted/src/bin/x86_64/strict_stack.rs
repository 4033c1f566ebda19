// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread asks the CPU to check the alignment of its accesses, and then has an odd stack pointer: it can't be
//! interrupted, and crashes. No other process notices.
//!
//! Without seeds: they shorten sleeps, but the sleep here has to last until the other thread has run.

use core::arch::asm;
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, time};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{expect, pass};
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
    process is_strict { on_fault = stop; thread strict (priority = 6, stack = 1024) = spin_strictly(); }
}
board::start!(SYSTEM);

/// Computes at an odd stack pointer, which the CPU has to refuse when the thread is interrupted.
fn spin_strictly() -> ! {
    const CHECK_ALIGNMENT: u64 = 1 << 18;
    let stack = probe::stack_of(&SYSTEM, "strict", 6);
    // SAFETY: the stack is not used any more.
    unsafe {
        asm!(
            "mov rsp, {stack_pointer}",
            "push {flags}",
            "popfq",
            "2: jmp 2b",
            stack_pointer = in(reg) stack.start + stack.len() / 2 + 4,
            flags = in(reg) 0x202 | CHECK_ALIGNMENT,
            options(noreturn),
        )
    }
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    time::sleep(Duration::from_millis(5));
    watch.expect("is_strict", Cause::Bus);
    expect("the victim goes on", vault.is_intact(), Ok(true));
    watch.expect_no_more();
    pass()
}
