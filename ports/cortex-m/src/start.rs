// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code in threads: where each begins, and what the idle thread does.
//!
//! It runs without privileges, in the process and on the stack of the thread, and so has the rights of who jumps there.

use crossgate_abi::number;

/// Where every thread begins: with a system call that goes on at its entry.
///
/// In: nothing, all registers are 0. Never comes back: the core has the thread start at its entry instead.
#[unsafe(naked)]
pub extern "C" fn begin() -> ! {
    core::arch::naked_asm!(
        "mvn r12, #{number}",
        "svc 0",
        number = const number::BEGIN,
    )
}

/// The idle thread: it does the work that the kernel has put off, then waits for interrupts.
///
/// In: nothing. Each system call leaves its status in r0, which is 0 if work is left.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_idle() -> ! {
    core::arch::naked_asm!(
        ".Lidle_work:",
        "mvn r12, #{number}",
        "svc 0",
        "cmp r0, #0",
        "beq .Lidle_work",
        "wfi",
        "b .Lidle_work",
        number = const number::WORK,
    )
}
