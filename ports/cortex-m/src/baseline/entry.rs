// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from an exception of the CPU to the handlers in Rust, and back, for ARMv6-M and ARMv8-M Baseline.
//!
//! This file takes the place of `src/entry.rs` and of the fast paths. The legend there holds here, too. Most
//! instructions of these architectures reach r0 to r7 only, and the core makes all decisions.
//!
//! These CPUs do not say why a fault occurred. If the CPU could not push the frame of a system call, the handler of
//! the fault comes first, and the system call is still pending afterwards. No register of the architecture cancels it.
//! So after a fault without a frame, the kernel gives way, as it does to an interrupt. If the system call is pending,
//! its handler finds [`GIVEN_WAY`] as stack pointer, and drops it. Otherwise the CPU faults, and the fault is dropped
//! for the same reason (`stacks`). No thread can make the CPU enter a handler with this stack pointer, because the CPU
//! aligns each frame to 8 bytes.

use crate::context::{_stack_start, Context, GIVEN_WAY, PROCESS_STACK};
use crate::exception::{self, PENDSV, SYSTICK};
#[cfg(armv6m)]
use crate::exchange;
use crate::exit::{go_on, resume};
use crate::machine::{window_of, with_kernel};
use crate::{fault_status, handler};
use core::mem::offset_of;
use cortex_m::peripheral::{NVIC, SCB};
use crossgate_abi::Word;

/// Saves r4 to r11 below the frame that the CPU has pushed.
///
/// In: r0 is the stack pointer; the `Bounds` at sp. Out: r0 is the context. It changes r1, r2, r4 to r7, and the flags.
///
/// Attacker: as for `save` in `src/entry.rs`.
macro_rules! save {
    ($out_of_bounds:literal) => {
        concat!(
            "ldr r1, [sp]\n",
            "ldr r2, [sp, #4]\n",
            "subs r1, r0, r1\n",
            "cmp r1, r2\n",
            "bhi ",
            $out_of_bounds,
            "\n",
            "subs r0, #32\n",
            "stmia r0!, {{r4-r7}}\n",
            "mov r4, r8\n",
            "mov r5, r9\n",
            "mov r6, r10\n",
            "mov r7, r11\n",
            "stmia r0!, {{r4-r7}}\n",
            "subs r0, #32\n",
        )
    };
}

/// Handles a system call.
///
/// In: r12 is the selector; r0 to r2 are the words of a return. Out: some thread continues.
///
/// The registers that the CPU has saved still have the thread's values, unless the kernel has given way. Then they are
/// not used.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn SVCall() {
    core::arch::naked_asm!(
        "mrs r3, psp",
        "adds r3, #{has_given_way}",
        "beq .Lcall_go_on",
        // A return passes three words in registers. The values that the method left in r4 to r11 are dead, so they are
        // not saved. Nothing is written to the stack, so the thread's stack pointer need not be checked.
        "mov r3, r12",
        "adds r3, #1",
        "beq .Lcall_return",
        "mrs r0, psp",
        save!(".Lcall_out_of_bounds"),
        // The selector is the word that the CPU saved from r12.
        "ldr r1, [r0, #{selector}]",
        "cmp r1, #0",
        "blt .Lcall_other",
        "bl {call}",
        // `call` and `system_call` return a stack pointer, or 0 if the context of the most urgent thread has to be
        // loaded.
        ".Lcall_resume_or_load:",
        "cmp r0, #0",
        "bne .Lcall_resume",
        ".Lcall_go_on:",
        "bl {go_on}",
        ".Lcall_resume:",
        "bl {resume}",
        ".Lcall_return:",
        "bl {leave}",
        "b .Lcall_go_on",
        // Not a call: the selector is the complement of a number.
        ".Lcall_other:",
        "mvns r1, r1",
        "bl {other}",
        "b .Lcall_resume_or_load",
        // The process of the thread crashes. The registers are dropped, and the most urgent thread continues.
        ".Lcall_out_of_bounds:",
        "bl {out_of_bounds}",
        "b .Lcall_go_on",
        has_given_way = const !GIVEN_WAY + 1,
        selector = const offset_of!(Context, selector),
        call = sym handler::call,
        go_on = sym go_on,
        resume = sym resume,
        leave = sym handler::leave,
        other = sym handler::system_call,
        out_of_bounds = sym handler::out_of_bounds,
    )
}

/// Handles the timer, and every interrupt line.
///
/// In: nothing; another exception may have changed the registers that the CPU saved. Out: some thread continues.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn DefaultHandler() {
    core::arch::naked_asm!(
        "movs r0, #{thread}",
        "mov r1, lr",
        "tst r0, r1",
        "beq .Linterrupt_early",
        "mrs r0, psp",
        // Attacker: the interrupt may come at any moment, with any stack pointer (`wild_contexts`, `stacks`).
        save!(".Linterrupt_out_of_bounds"),
        "bl {interrupt}",
        ".Linterrupt_go_on:",
        "bl {go_on}",
        "bl {resume}",
        ".Linterrupt_out_of_bounds:",
        "bl {without_context}",
        "b .Linterrupt_go_on",
        // There is no thread yet: the interrupt has come before the kernel's start (`early_interrupts`).
        ".Linterrupt_early:",
        "push {{r4, lr}}",
        "bl {early}",
        "pop {{r4, pc}}",
        thread = const PROCESS_STACK,
        interrupt = sym interrupt,
        go_on = sym go_on,
        resume = sym resume,
        without_context = sym interrupt_without_context,
        early = sym handler::early_interrupt,
    )
}

/// Handles an interrupt of the current thread, whose registers are saved at `context`. If the thread was exchanging a
/// word without atomic instructions, it starts again.
extern "C" fn interrupt(context: &mut Context) {
    #[cfg(armv6m)]
    {
        context.program_counter = exchange::restarted(context.program_counter);
    }
    handler::interrupt(context);
}

/// Handles an interrupt that comes while no registers are saved at the stack pointer, which is `frame`.
///
/// If the kernel has given way, the registers of all threads are saved already. Otherwise the stack pointer of a thread
/// is out of bounds. Then its process crashes. The interrupt has not been handled yet, so it is made pending again: it
/// waits only until the crash is recorded, not until the process is down.
extern "C" fn interrupt_without_context(frame: Word) {
    if frame == GIVEN_WAY as Word {
        let context = with_kernel(|kernel| kernel.current().stack_pointer);
        handler::interrupt(context as *mut Context);
        return;
    }
    const PEND_SYSTICK: u32 = 1 << 26;
    const PEND_PENDSV: u32 = 1 << 28;
    // SAFETY: this makes the exception pending that is active now, and all handlers belong to the kernel.
    unsafe {
        match exception::active() {
            SYSTICK => (*SCB::PTR).icsr.write(PEND_SYSTICK),
            PENDSV => (*SCB::PTR).icsr.write(PEND_PENDSV),
            exception => {
                let line = exception::line_of(exception);
                if let Some(pending) = (*NVIC::PTR).ispr.get((line / 32) as usize) {
                    pending.write(1 << (line % 32));
                }
            }
        }
    }
    handler::out_of_bounds();
}

/// Handles a fault. The context that faulted is not saved, because nothing ever returns to it.
///
/// In: bit 2 of lr is 1 if a thread has faulted, and 0 if the kernel has. r4 to r11 are the thread's. Out: some thread
/// continues, or the machine halts.
///
/// Attacker: the stack pointer is arbitrary, and the frame is missing if the CPU could not push it. `fault_status` does
/// not use the frame before it has checked both (`stacks`, `wild_contexts`).
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "movs r0, #{thread}",
        "mov r1, lr",
        "tst r0, r1",
        "beq .Lfault_of_kernel",
        // The instruction may have used these registers as an address.
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "push {{r0-r3}}",
        "push {{r4-r7}}",
        "mov r2, lr",
        "mrs r0, psp",
        "mov r1, sp",
        "bl {fault}",
        "add sp, #32",
        "cmp r0, #0",
        "bne .Lfault_resume",
        "bl {go_on}",
        ".Lfault_resume:",
        "bl {resume}",
        // The kernel has faulted. Its stack may be used up, so the handler starts again at the top of the stack.
        ".Lfault_of_kernel:",
        "mov r0, sp",
        "ldr r1, .Lfault_stack",
        "mov sp, r1",
        "bl {kernel_fault}",
        ".balign 4",
        ".Lfault_stack: .word {stack}",
        thread = const PROCESS_STACK,
        fault = sym fault,
        go_on = sym go_on,
        resume = sym resume,
        stack = sym _stack_start,
        kernel_fault = sym fault_status::kernel_fault,
    )
}

/// Handles a fault of the current thread, whose r4 to r11 are in `saved`. `exception_return` is the value of lr. Returns
/// the stack pointer to continue with, or 0 if the context of the most urgent thread has to be loaded.
extern "C" fn fault(frame: Word, saved: &[Word; 8], exception_return: Word) -> Word {
    // (If the kernel has given way but nothing is pending any more, the CPU faults, because there is no frame. Then no
    // process crashes, and the most urgent thread continues.)
    if frame == GIVEN_WAY as Word {
        return 0;
    }
    with_kernel(|kernel| {
        let thread = kernel.current_thread();
        let (stack, window) = (thread.stack(), window_of(thread));
        let report = fault_status::read(frame, stack, window, saved, exception_return);
        kernel.fault(report.cause, report.instruction, report.address);
        if report.is_saved { 0 } else { GIVEN_WAY as Word }
    })
}
