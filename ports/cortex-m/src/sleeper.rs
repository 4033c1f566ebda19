// SPDX-License-Identifier: MIT OR Apache-2.0
//! The idle thread of a firmware whose wiring has `deep_sleep;`.

#[cfg(not(baseline))]
use crate::machine::fall_asleep;
#[cfg(baseline)]
use crate::start::__crossgate_idle;
#[cfg(not(baseline))]
use crate::start::select;
#[cfg(not(baseline))]
use crossgate_abi::number;
#[cfg(not(baseline))]
use crossgate_abi::power::{FALL_ASLEEP, WAKE_UP};

/// The idle thread of a firmware whose wiring has `deep_sleep;`. A deep sleep needs registers that only privileged code
/// can write. So when there is no work left, the thread asks the kernel to become a part of it, for one sleep: from the
/// second system call on, the thread is privileged and nothing interrupts it. It changes to the kernel's stack, sleeps,
/// and gives its privileges back. The CPU takes no unprivileged change of the interrupt mask, so a third system call
/// ends the sleep. Interrupts that have woken the CPU come then, with all clocks restored.
///
/// In: nothing.
///
/// Attacker: any thread can jump into this code, but then its system calls are refused, and the CPU ignores its writes
/// to `control` and to the interrupt mask. It gets no further than to the first access to the kernel's memory
/// (`deep_sleep_attacks`).
#[cfg(not(baseline))]
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
        "movw r0, #{fall_asleep}",
        "svc 0",
        "cmp r0, #0",
        "bne .Lsleeper_work",
        // The main stack is empty, because no exception is active.
        "msr control, r0",
        "isb",
        "bl {sleep}",
        "movs r0, #{unprivileged_on_process_stack}",
        "cpsie i",
        "msr control, r0",
        "isb",
        select!("optional"),
        "movw r0, #{wake_up}",
        "svc 0",
        "b .Lsleeper_work",
        number = const number::WORK,
        optional = const number::OPTIONAL,
        fall_asleep = const FALL_ASLEEP,
        wake_up = const WAKE_UP,
        unprivileged_on_process_stack = const 0b11,
        sleep = sym fall_asleep,
    )
}

/// The same on an ARMv6-M and on ARMv8-M Baseline, where every sleep is light: they can't hold off interrupts by their priority, so the idle
/// thread could not give its privileges back.
#[cfg(baseline)]
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_sleeper() -> ! {
    core::arch::naked_asm!("bl {idle}", idle = sym __crossgate_idle)
}
