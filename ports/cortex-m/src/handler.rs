// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception handlers. Each makes one call of the kernel core and carries out the [`Effect`] that it returns.
//!
//! System calls get here that the fast path leaves. The assembly in [`entry`](crate::entry) calls these functions, with
//! the main stack at the [bounds](crate::context::Bounds). A handler that returns a context has the thread go on with
//! that, or, if it is null, with the context of the thread that is current now.

use crate::context::Context;
use crate::exception::{self, NON_MASKABLE, PENDSV, SYSTICK, line_of};
use crate::fault;
use crate::last_words::say;
use crate::machine::with_kernel;
use crossgate_abi::{Cause, Word};
use crossgate_kernel::Effect;

/// The context of the current thread is to be [loaded](crate::exit::load).
const LOAD: *mut Context = core::ptr::null_mut();

/// The current thread, whose registers are saved at `context`, calls a method.
pub extern "C" fn call(context: &mut Context, selector: Word) -> *mut Context {
    with_kernel(|kernel| {
        let stack_pointer = core::ptr::from_mut(context).addr();
        match kernel.call(stack_pointer, selector, context.words()) {
            Ok(entry) => {
                // SAFETY: the core checked that there is room for this below `stack_top`, which is a
                // multiple of 32 and below everything that the thread has in use.
                kernel.current().stack_pointer = unsafe { Context::enter(&entry) }.addr();
                LOAD
            }
            Err(effect) => follow(context, effect),
        }
    })
}

/// The current thread returns from a method with these words. Then a context is to be loaded.
pub extern "C" fn leave(status: Word, first: Word, second: Word) {
    with_kernel(|kernel| {
        let words = [status, first, second, 0];
        if let Ok(exit) = kernel.leave_with_care(&words) {
            let context = exit.stack_pointer as *mut Context;
            // SAFETY: the caller's context was saved there; its stack has been closed since.
            let words = unsafe { (*context).words() };
            (words[0], words[1], words[2]) = (exit.status.0, exit.words[0], exit.words[1]);
            let _ = kernel.reschedule();
        }
    });
}

/// The current thread makes another system call.
pub extern "C" fn system_call(context: &mut Context, number: Word) -> *mut Context {
    with_kernel(|kernel| {
        let stack_pointer = core::ptr::from_mut(context).addr();
        let effect = kernel.system_call(stack_pointer, number, context.words());
        follow(context, effect)
    })
}

/// The current thread executed `svc`, or was interrupted, with a stack pointer outside its stack.
/// Then another context is to be loaded.
pub extern "C" fn out_of_bounds() {
    with_kernel(|kernel| {
        let _ = kernel.fault(Cause::Stack, 0, 0);
    });
}

/// SysTick has counted down, an interrupt line is active, or an exception that nobody uses.
pub extern "C" fn interrupt(context: *mut Context) -> *mut Context {
    with_kernel(|kernel| {
        kernel.current().stack_pointer = context.addr();
        let exception = exception::active();
        let effect = if exception == SYSTICK {
            kernel.timer()
        } else {
            // The non-maskable interrupt has pended PendSV, because it may come in the middle of the kernel.
            let line = line_of(if exception == PENDSV { NON_MASKABLE } else { exception });
            kernel.interrupt(line as u16)
        };
        follow(context, effect)
    })
}

/// An interrupt has come before the kernel has started, from something that boot code has left running. It
/// is the only one: until the kernel has put all in order, no other is let in.
pub extern "C" fn early_interrupt() {
    cortex_m::interrupt::disable();
    say("early interrupt", &[line_of(exception::active())]);
}

/// The CPU refused to do what the current thread asked for. Then another context is to be loaded.
pub extern "C" fn fault(frame: *const Word) {
    with_kernel(|kernel| {
        let stack = kernel.current().stack();
        let report = fault::read(frame, stack);
        let _ = kernel.fault(report.cause, report.instruction, report.address);
    });
}

/// Does what the core says.
#[inline(always)]
fn follow(context: *mut Context, effect: Effect) -> *mut Context {
    if let Some(status) = effect.status() {
        // SAFETY: the core ends only the system call whose context this is.
        unsafe { (*context).set_status(status) };
    }
    if effect.switch { LOAD } else { context }
}
