// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt line that is bound to a notification: handled as if a thread had signalled the notification.

use crate::context::{GIVEN_WAY, PROCESS_STACK};
use crate::entry::{go_on, interrupt, save};
use crate::exception::{self, PENDSV, SYSTICK};
use crate::floats;
use crate::handler;
use crate::machine::{__crossgate_kernel, KERNEL, Offset};
use core::mem::offset_of;
use crossgate_abi::table;
use crossgate_kernel::notification::Notification;

unsafe extern "C" {
    // A part of `SVCall`: signals the notification at r2 with the number r1. The current thread is at r3, its context
    // at r0, the kernel at lr. The word at r8 becomes 0. r12 is 0.
    fn __crossgate_signal() -> !;
}

/// Handles the timer, and every interrupt line.
///
/// A line that is bound to a notification is masked, as in the core. Then the notification is signalled as if by a
/// thread. A part of `SVCall` does this if exactly one thread waits for this notification, and that thread waits for no
/// other. Any other case takes the [slow](interrupt) path.
///
/// In: nothing; another exception may have changed the registers that the CPU saved. Out: some thread continues.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn DefaultHandler() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq .Linterrupt_early",
        floats::branch_if_in_use!(".Linterrupt_floats"),
        // Attacker: the interrupt may come at any moment, with any stack pointer (`wild_contexts`, `stacks`).
        "ldr lr, .Linterrupt_kernel",
        save!(".Linterrupt_out_of_bounds"),
        ".Linterrupt_saved:",
        // `ipsr` has the number of this exception, because no handler of the kernel preempts another.
        "mrs r2, ipsr",
        "subs r2, #16", // the line, if it is one
        "bmi .Linterrupt_slow",
        "ldr r3, [lr, #{system}]",
        "ldrd r3, r4, [r3, #{lines}]", // the notifications of the lines, and their number
        "cmp r2, r4",
        "bhs .Linterrupt_slow",
        "ldrb r1, [r3, r2]",
        "cmp r1, #{unbound}",
        "beq .Linterrupt_slow",
        // The line is masked until the driver acknowledges. The mask is in effect before the driver runs.
        "ldr r3, .Linterrupt_masks",
        "lsrs r4, r2, #5",
        "movs r5, #1",
        "negs r6, r2",
        "rors r5, r6", // to the left by the line
        "str r5, [r3, r4, lsl #2]",
        "dsb",
        "ldr r2, [lr, #{notifications}]",
        "add r2, r2, r1, lsl #3",
        "ldr r3, [lr]",
        // The code at `__crossgate_signal` stores 0 at r8, as the status of a system call. Here r8 points to a word
        // that becomes 0 anyway.
        "add r8, r2, #{waiters}",
        "mov r12, #0",
        "b {signal}",
        // If the kernel has given way, the registers of all threads are saved already. Otherwise a thread's stack
        // pointer is out of bounds.
        ".Linterrupt_out_of_bounds:",
        "adds r1, r0, #{has_given_way}",
        "bne .Linterrupt_wild",
        "ldr r0, [lr]",
        "ldr r0, [r0, #{stack_pointer}]",
        ".Linterrupt_slow:",
        "b {slow}",
        // The process of the interrupted thread crashes. The interrupt has not been handled yet, so it is made pending
        // again: then it waits only until the crash is recorded, not until the process is down. The trigger register
        // pends a line; bits 26 and 28 of the control register pend SysTick and PendSV.
        ".Linterrupt_wild:",
        "ldr r3, .Linterrupt_control",
        "mrs r1, ipsr",
        "subs r1, #16",
        "it pl",
        "strpl r1, [r3, #{trigger}]",
        "bpl .Linterrupt_again",
        "lsls r1, r1, #1",
        "mov r2, #{pend_systick} >> 2",
        "rors r2, r1", // to the left by 2 for SysTick, which is line -1 here, and by 4 for PendSV
        "str r2, [r3]",
        ".Linterrupt_again:",
        "bl {out_of_bounds}",
        "b {go_on}",
        // There is no thread yet: the interrupt has come before the kernel's start (`early_interrupts`).
        ".Linterrupt_early:",
        "b {early}",
        interrupt_with_floats!(),
        ".balign 4",
        ".Linterrupt_masks: .word {masks}",
        ".Linterrupt_kernel: .word {kernel}",
        ".Linterrupt_control: .word {control}",
        thread = const PROCESS_STACK,
        system = const KERNEL.system,
        lines = const offset_of!(table::System, lines),
        unbound = const table::UNBOUND,
        notifications = const KERNEL.notifications,
        waiters = const Notification::WAITERS,
        signal = sym __crossgate_signal,
        early = sym handler::early_interrupt,
        slow = sym interrupt,
        has_given_way = const !GIVEN_WAY + 1,
        stack_pointer = const Offset::STACK_POINTER,
        out_of_bounds = sym handler::out_of_bounds,
        go_on = sym go_on,
        control = const exception::CONTROL,
        trigger = const SOFTWARE_TRIGGER - exception::CONTROL,
        pend_systick = const 1 << 26,
        masks = const INTERRUPTS_DISABLED,
        kernel = sym __crossgate_kernel,
        #[cfg(target_abi = "eabihf")]
        zeros = sym floats::ZEROS,
    )
}

/// The entry of an interrupt of a thread that uses floats.
#[cfg(target_abi = "eabihf")]
macro_rules! interrupt_with_floats {
    () => {
        concat!(
            "
        .Linterrupt_floats:
        mrs r0, psp
        ",
            floats::save!(".Linterrupt_floats_wild", ".Linterrupt_zeros"),
            "
        ldr lr, .Linterrupt_kernel
        stmdb r0!, {{r4-r11}}
        b .Linterrupt_saved
        // Secret: the values that the thread had in registers (`float_attacks`).
        .Linterrupt_floats_wild:
        ",
            floats::clear!("r3", ".Linterrupt_zeros"),
            "
        b .Linterrupt_wild
        .balign 4
        .Linterrupt_zeros: .word {zeros}
        "
        )
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! interrupt_with_floats {
    () => {
        ""
    };
}
use interrupt_with_floats;

/// The address of the registers that mask lines, with one bit for each line.
const INTERRUPTS_DISABLED: u32 = 0xe000_e180;
/// The address of the register that makes a line pending when the number of the line is written to it.
const SOFTWARE_TRIGGER: u32 = 0xe000_ef00;

const _: () = assert!(
    PENDSV + 1 == SYSTICK && SYSTICK + 1 == 16,
    "`DefaultHandler` tells them apart by these numbers"
);
