// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception handlers. Each reports one event to the kernel core and carries out the [`Effect`] that the core returns.
//!
//! The fast path leaves some system calls to these handlers. The assembly in [`entry`](crate::entry) calls them, with
//! the main stack pointer at the [bounds](crate::context::Bounds). The CPU continues with the stack pointer that a
//! handler returns. If that is 0, or if the handler returns nothing, the CPU continues with the context of the most
//! urgent thread.

use crate::context::Context;
#[cfg(not(baseline))]
use crate::context::GIVEN_WAY;
use crate::exception::{self, NON_MASKABLE, PENDSV, SYSTICK, line_of};
#[cfg(not(baseline))]
use crate::fault_status;
use crate::floats;
use crate::last_words::say;
use crate::machine::with_kernel;
use crossgate_abi::{Cause, Word};
use crossgate_kernel::Effect;

/// The result of a handler after which the context of the most urgent thread has to be [loaded](crate::exit::load).
const LOAD: Word = 0;

/// Makes a call of a method for the current thread, whose registers are saved at `context`.
pub extern "C" fn call(context: &mut Context, selector: Word) -> Word {
    with_kernel(|kernel| {
        let stack_pointer = floats::stack_pointer(core::ptr::from_mut(context).addr());
        match kernel.call(stack_pointer, selector, context.words()) {
            Ok(entry) => {
                // SAFETY: the core checked that there is room for this below `stack_top`, which is a multiple of 32 and
                // below everything that the thread has in use.
                kernel.current().stack_pointer = unsafe { Context::enter(&entry) }.addr();
                LOAD
            }
            Err(effect) => follow(context, effect),
        }
    })
}

/// Handles a return of the current thread from a method, with these words. Afterwards a context has to be loaded.
pub extern "C" fn leave(status: Word, first: Word, second: Word) {
    with_kernel(|kernel| {
        let words = [status, first, second, 0];
        if let Some(exit) = kernel.leave_with_care(&words) {
            let context = floats::context(exit.stack_pointer) as *mut Context;
            // SAFETY: the caller's context was saved there, and the caller's stack has been closed since then.
            let words = unsafe { (*context).words() };
            (words[0], words[1], words[2]) = (exit.status.0, exit.words[0], exit.words[1]);
        }
    });
}

/// Makes a system call for the current thread that is neither a call of a method nor a return.
pub extern "C" fn system_call(context: &mut Context, number: Word) -> Word {
    with_kernel(|kernel| {
        let stack_pointer = floats::stack_pointer(core::ptr::from_mut(context).addr());
        let effect = kernel.system_call(stack_pointer, number, context.words());
        follow(context, effect)
    })
}

/// Handles an `svc` instruction or an interrupt of the current thread with a stack pointer outside its stack.
/// Afterwards another context has to be loaded.
pub extern "C" fn out_of_bounds() {
    with_kernel(|kernel| kernel.crash_by(Cause::Stack));
}

/// Handles SysTick, an active interrupt line, or an exception of the CPU that has no handler of its own. Afterwards a
/// context has to be loaded, even if the same thread continues, because the interrupt may have come before that thread
/// was loaded.
pub extern "C" fn interrupt(context: *mut Context) {
    with_kernel(|kernel| {
        kernel.current().stack_pointer = floats::stack_pointer(context.addr());
        let exception = exception::active();
        if exception == SYSTICK {
            kernel.timer();
        } else {
            // PendSV stands for the non-maskable interrupt. That may come in the middle of the kernel, so its handler
            // only pends PendSV.
            let line = line_of(if exception == PENDSV { NON_MASKABLE } else { exception });
            kernel.interrupt(line as u16);
        }
    });
}

/// Handles an interrupt that comes before the kernel has started, from a device that boot code has left running. At
/// most one such interrupt is handled, because this function disables interrupts until the kernel has set up
/// everything.
pub extern "C" fn early_interrupt() {
    cortex_m::interrupt::disable();
    say("early interrupt", &[line_of(exception::active())]);
}

/// The non-maskable interrupt comes at any moment, even in the middle of the kernel. So this handler only pends PendSV,
/// which has no other use, and the kernel learns of the interrupt then.
///
/// In: anything. Out: no register is changed, because the interrupt may come between the `svc` instruction and the
/// entry of `SVCall`, which reads the thread's words from registers.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn NonMaskableInt() {
    core::arch::naked_asm!(
        "push {{r0, r1}}",
        "ldr r0, .Lnmi_control",
        "movs r1, #1", // the CPU has saved the flags; bits that are written as 0 change nothing
        "lsls r1, r1, #{pend_pendsv}",
        "str r1, [r0]",
        "pop {{r0, r1}}",
        "bx lr",
        ".balign 4",
        ".Lnmi_control: .word {interrupt_control}",
        pend_pendsv = const 28,
        interrupt_control = const exception::CONTROL,
    )
}

/// Handles a fault of the current thread. Afterwards another context has to be loaded.
#[cfg(not(baseline))]
pub extern "C" fn fault(frame: *const Word) {
    with_kernel(|kernel| {
        let stack = kernel.current().stack();
        let report = fault_status::read(frame, stack);
        // (If the kernel has given way but no interrupt is pending any more, the CPU faults, because there is no frame.
        // Then no process crashes, and the most urgent thread continues.)
        if frame.addr() != GIVEN_WAY as Word {
            kernel.fault(report.cause, report.instruction, report.address);
        }
    });
}

/// Carries out the effect.
#[inline(always)]
fn follow(context: *mut Context, effect: Effect) -> Word {
    if let Some(status) = effect.status() {
        // SAFETY: the core ends only the system call whose context this is.
        unsafe { (*context).set_status(status) };
    }
    if effect.switch { LOAD } else { floats::stack_pointer(context.addr()) }
}
