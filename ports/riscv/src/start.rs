// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code that threads run: the start of each thread, and the idle thread.
//!
//! The code runs in user mode, in the process and on the stack of the thread. So the code has no more rights than the
//! thread that jumps to it.

use crossgate_abi::number;

/// The start of every thread: makes a system call that continues at the thread's entry.
///
/// In: nothing, all registers are 0. The system call never returns, because the core starts the thread at its entry
/// instead.
#[unsafe(naked)]
pub extern "C" fn begin() -> ! {
    core::arch::naked_asm!("li a4, ~{number}", "ecall", number = const number::BEGIN)
}

/// The idle thread: does the work that the kernel has deferred. When there is none, the system call waits for an
/// interrupt, because `wfi` in user mode is an instruction that some CPUs do not allow.
///
/// In: nothing.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_idle() -> ! {
    core::arch::naked_asm!(
        "1: li a4, ~{number}",
        "ecall",
        "j 1b",
        number = const number::WORK,
    )
}

/// The idle thread of a firmware whose wiring has `deep_sleep;`: the same, because the kernel waits in both.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_sleeper() -> ! {
    core::arch::naked_asm!("j {idle}", idle = sym __crossgate_idle)
}
