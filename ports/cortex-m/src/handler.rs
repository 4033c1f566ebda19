// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception handlers. Each reports one event to the kernel core and carries out the [`Effect`] that it returns.
//!
//! The fast path leaves some system calls to these handlers. The assembly in [`entry`](crate::entry) calls these
//! functions, with the main stack at the [bounds](crate::context::Bounds). The thread continues with the stack pointer
//! that a handler returns, or, if that is 0, with that of the thread that is current now.

use crate::context::{Context, GIVEN_WAY};
use crate::exception::{self, NON_MASKABLE, PENDSV, SYSTICK, line_of};
use crate::last_words::say;
use crate::machine::with_kernel;
use crate::{fault_status, floats};
use crossgate_abi::{Cause, Word};
use crossgate_kernel::Effect;

/// The result of a handler after which the context of the current thread has to be [loaded](crate::exit::load).
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

/// Returns the current thread from a method with these words. Afterwards a context has to be loaded.
pub extern "C" fn leave(status: Word, first: Word, second: Word) {
    with_kernel(|kernel| {
        let words = [status, first, second, 0];
        if let Ok(exit) = kernel.leave_with_care(&words) {
            let context = floats::context(exit.stack_pointer) as *mut Context;
            // SAFETY: the caller's context was saved there; its stack has been closed since.
            let words = unsafe { (*context).words() };
            (words[0], words[1], words[2]) = (exit.status.0, exit.words[0], exit.words[1]);
            let _ = kernel.reschedule();
        }
    });
}

/// Makes another system call for the current thread.
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
    with_kernel(|kernel| {
        kernel.crash_by(Cause::Stack);
        let _ = kernel.reschedule();
    });
}

/// Handles SysTick, an active interrupt line, or an exception without another use. Afterwards a context has to be loaded,
/// even if the same thread continues: the interrupt may have come before that was.
pub extern "C" fn interrupt(context: *mut Context) {
    with_kernel(|kernel| {
        kernel.current().stack_pointer = floats::stack_pointer(context.addr());
        let exception = exception::active();
        let _ = if exception == SYSTICK {
            kernel.timer()
        } else {
            // The non-maskable interrupt has pended PendSV, because it may come in the middle of the kernel.
            let line = line_of(if exception == PENDSV { NON_MASKABLE } else { exception });
            kernel.interrupt(line as u16)
        };
    });
}

/// Handles an interrupt that has come before the kernel has started, from a device that boot code has left running.
/// There is only one, because interrupts stay disabled from then on until the kernel has set up everything.
pub extern "C" fn early_interrupt() {
    cortex_m::interrupt::disable();
    say("early interrupt", &[line_of(exception::active())]);
}

/// Handles a fault of the current thread. Afterwards another context has to be loaded.
pub extern "C" fn fault(frame: *const Word) {
    with_kernel(|kernel| {
        let stack = kernel.current().stack();
        let report = fault_status::read(frame, stack);
        // (After the kernel has given way there is no frame, so the CPU finds none if no interrupt is pending any more.)
        let _ = if frame.addr() == GIVEN_WAY as Word {
            kernel.reschedule()
        } else {
            kernel.fault(report.cause, report.instruction, report.address)
        };
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
