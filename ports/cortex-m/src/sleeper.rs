// SPDX-License-Identifier: MIT OR Apache-2.0
//! The idle thread of a firmware whose wiring has `deep_sleep;`.

use crate::machine::fall_asleep;
use crate::start::select;
use crossgate_abi::number;
use crossgate_abi::power::FALL_ASLEEP;

/// The idle thread of a firmware whose wiring has `deep_sleep;`. A deep sleep needs registers that only privileged code
/// can write. So when there is no work left, the thread asks the kernel to become a part of it, for one sleep: from the
/// second system call on, the thread is privileged and nothing interrupts it. It changes to the kernel's stack, sleeps,
/// and gives up all that again. Interrupts that have ended the sleep come then.
///
/// In: nothing.
///
/// Attacker: any thread can jump into this code, but then its system calls are refused, and the CPU ignores its writes
/// to `control` and to the interrupt mask. It gets no further than to the first access to the kernel's memory
/// (`deep_sleep_attacks`).
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_sleeper() -> ! {
    core::arch::naked_asm!(
        ".Lsleeper_work:",
        select!("number"),
        "svc 0",
        "cmp r0, #0",
        "beq .Lsleeper_work",
        select!("optional"),
        "movs r0, #{subject} >> 8",
        "lsls r0, r0, #8",
        "adds r0, #{subject} & 255",
        "svc 0",
        "cmp r0, #0",
        "bne .Lsleeper_work",
        // The main stack is empty, because no exception is active.
        "msr control, r0",
        "isb",
        "bl {fall_asleep}",
        "movs r0, #{unprivileged_on_process_stack}",
        "msr control, r0",
        "isb",
        "cpsie i",
        "b .Lsleeper_work",
        number = const number::WORK,
        optional = const number::OPTIONAL,
        subject = const FALL_ASLEEP,
        unprivileged_on_process_stack = const 0b11,
        fall_asleep = sym fall_asleep,
    )
}
