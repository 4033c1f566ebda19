// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handlers of traps. Each reports one event to the kernel core, carries out the [`Effect`] that the core returns, and
//! returns the [`Way`] out.

use crate::context::Context;
use crate::exit::{self, Way};
use crate::fault_status;
use crate::interrupts::{self, __crossgate_board_claim, EXTERNAL, TIMER};
use crate::machine::{Machine, open, with_kernel};
use crossgate_abi::{Status, ThreadId, Word, number};
use crossgate_kernel::port::Port;
use crossgate_kernel::wait::Pending;
use crossgate_kernel::{Effect, Kernel};

/// The bit of `mcause` that tells interrupts from exceptions.
const INTERRUPT: u32 = 1 << 31;

/// Handles a system call of the current thread that is not a return, or an interrupt. The registers of the thread are
/// saved at `context`.
pub extern "C" fn trap(context: &mut Context, cause: u32) -> Way {
    with_kernel(|kernel| {
        let stack_pointer = core::ptr::from_mut(context).addr();
        if cause & INTERRUPT != 0 {
            kernel.current().stack_pointer = stack_pointer;
            interrupt(kernel, cause & !INTERRUPT);
            return go_on(kernel);
        }
        let selector = context.selector;
        let effect = if selector.cast_signed() >= 0 {
            match kernel.call(stack_pointer, selector, &context.arguments) {
                Ok(entry) => {
                    kernel.account();
                    open(kernel);
                    return exit::enter(entry);
                }
                Err(effect) => effect,
            }
        } else {
            let number = number::system_call(selector);
            let effect = kernel.system_call(stack_pointer, number, &mut context.arguments);
            // The idle thread waits if it has no work, and no other thread is ready.
            let is_idle = number == number::WORK && kernel.thread_id() == ThreadId::IDLE.index();
            let has_no_work = effect == Effect::reply(Status::NO_SUCH_SYSTEM_CALL);
            if is_idle && has_no_work && !kernel.rest() {
                interrupts::wait();
            }
            effect
        };
        if let Some(status) = effect.status() {
            context.set_status(status);
        }
        // (The context is saved, so an interrupt that is pending need not wait for the rest.)
        if effect.switch || kernel.port.interrupt_is_pending() {
            return go_on(kernel);
        }
        exit::resume(context)
    })
}

/// Handles a return of the current thread from a method, with these words.
pub extern "C" fn leave(status: Word, first: Word, second: Word) -> Way {
    with_kernel(|kernel| {
        let words = [status, first, second, 0];
        if let Some(exit) = kernel.leave(&words) {
            kernel.account();
            open(kernel);
            // SAFETY: the caller's context was saved there, and the caller's stack has been closed since then.
            let context = unsafe { &mut *(exit.stack_pointer as *mut Context) };
            context.answer(exit.status, exit.words);
            return exit::resume(context);
        }
        if let Some(exit) = kernel.leave_with_care(&words) {
            // SAFETY: as above.
            unsafe { (*(exit.stack_pointer as *mut Context)).answer(exit.status, exit.words) };
        }
        go_on(kernel)
    })
}

/// Handles a fault of the current thread; or a system call or an interrupt with a stack pointer outside of its window.
/// (The interrupt is still pending.)
pub extern "C" fn fault() -> Way {
    with_kernel(|kernel| {
        let stack = kernel.current().stack();
        let report = fault_status::read(stack);
        kernel.port.has_faulted = true;
        kernel.fault(report.cause, report.instruction, report.address);
        go_on(kernel)
    })
}

/// Handles an interrupt of this number.
fn interrupt(kernel: &mut Kernel<Machine>, number: u32) {
    match number {
        TIMER => {
            kernel.port.clock.silence();
            kernel.timer();
        }
        EXTERNAL => {
            // The device may have withdrawn its interrupt.
            if let Some(line) = __crossgate_board_claim() {
                kernel.interrupt(line);
            }
        }
        _ => {}
    }
}

/// Ends an event after which a context has to be loaded: continues with the most urgent thread. The current thread is
/// saved.
///
/// Each of these steps takes long, and everything that a step has changed is in memory when it ends. So interrupts that
/// are pending are served before each of them, as if the thread had continued and had been interrupted at once.
pub fn go_on(kernel: &mut Kernel<Machine>) -> Way {
    loop {
        if serve(kernel) {
            continue;
        }
        kernel.reschedule();
        if serve(kernel) {
            continue;
        }
        kernel.account();
        if !serve(kernel) {
            return load(kernel);
        }
    }
}

/// Serves an interrupt that is pending, and returns `true`; or returns `false` if there is none. (A line is masked
/// then, and the timer is silent until it is set again.)
// The tool that measures how long interrupts wait knows its name.
#[inline(always)]
fn serve(kernel: &mut Kernel<Machine>) -> bool {
    let pending = interrupts::pending();
    if pending != 0 {
        interrupt(kernel, if pending & 1 << EXTERNAL != 0 { EXTERNAL } else { TIMER });
    }
    pending != 0
}

/// Continues with the most urgent thread. The current thread is saved.
#[cfg(not(feature = "napot"))]
pub extern "C" fn switch() -> Way {
    with_kernel(|kernel| {
        // (So far the fast path has held off interrupts only for a short time.)
        kernel.reschedule();
        kernel.account();
        if kernel.port.interrupt_is_pending() { go_on(kernel) } else { load(kernel) }
    })
}

/// Continues with the current thread.
fn load(kernel: &mut Kernel<Machine>) -> Way {
    open(kernel);
    let thread = kernel.current();
    // SAFETY: the context was saved there, or is the thread's first one, and no other code uses it.
    let context = unsafe { &mut *(thread.stack_pointer as *mut Context) };
    match thread.take_pending() {
        Pending::Nothing => {}
        Pending::Reply { status, word } => context.answer(Status(status.into()), [word, 0]),
        // The context was checked when the thread made the system call, and has been closed to all others since.
        Pending::Retry => context.repeat(),
    }
    exit::resume(context)
}
