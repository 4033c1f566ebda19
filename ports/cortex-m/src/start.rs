// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code that threads run: the start of each thread, and the idle thread.
//!
//! The code runs without privileges, in the process and on the stack of the thread. So the code has no more rights than
//! the thread that jumps to it.

use crossgate_abi::number;

/// Puts the complement of the system call's number into r12. The number is an operand of the assembly, by this name.
#[cfg(not(baseline))]
macro_rules! select {
    ($number:literal) => {
        concat!("mvn r12, #{", $number, "}\n")
    };
}
/// The same; it changes r0 and the flags.
#[cfg(baseline)]
macro_rules! select {
    ($number:literal) => {
        concat!("movs r0, #{", $number, "}\nmvns r0, r0\nmov r12, r0\n")
    };
}
#[cfg(not(baseline))]
pub(crate) use select;

/// The start of every thread: makes a system call that continues at the thread's entry.
///
/// In: nothing, all registers are 0. The system call never returns, because the core starts the thread at its entry
/// instead.
#[unsafe(naked)]
pub extern "C" fn begin() -> ! {
    core::arch::naked_asm!(
        select!("number"),
        "svc 0",
        number = const number::BEGIN,
    )
}

/// The idle thread: does the work that the kernel has deferred, and then waits for interrupts.
///
/// In: nothing. Each system call leaves its status in r0, which is 0 if there was work.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub extern "C" fn __crossgate_idle() -> ! {
    core::arch::naked_asm!(
        ".Lidle_work:",
        select!("number"),
        "svc 0",
        "cmp r0, #0",
        "beq .Lidle_work",
        "wfi",
        "b .Lidle_work",
        number = const number::WORK,
    )
}
