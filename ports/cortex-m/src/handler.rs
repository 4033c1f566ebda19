//! What happened, told to the core; what it answers, done. System calls get here that the fast path leaves.
//!
//! A handler gives the context to go on with, or null if that is to be [loaded](crate::entry::load).

use crate::boot::kernel;
use crate::context::Context;
use crate::fault;
use crate::last_words::say;
use cortex_m::peripheral::SCB;
use crossgate_abi::{Cause, Word};
use crossgate_kernel::Effect;

/// The current thread, whose registers are saved at `context`, calls a method.
pub extern "C" fn call(context: &mut Context, selector: Word) -> *mut Context {
    // SAFETY: exceptions of one priority don't nest, so this is the only user of the kernel.
    let kernel = unsafe { kernel() };
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
}

/// The current thread returns from a method with these words. Then a context is to be loaded.
pub extern "C" fn leave(status: Word, first: Word, second: Word) {
    // SAFETY: exceptions of one priority don't nest, so this is the only user of the kernel.
    let kernel = unsafe { kernel() };
    let words = [status, first, second, 0];
    if let Ok(exit) = kernel.leave_with_care(&words) {
        let context = exit.stack_pointer as *mut Context;
        // SAFETY: the caller's context was saved there; its stack has been closed since.
        let words = unsafe { (*context).words() };
        (words[0], words[1], words[2]) = (exit.status.0, exit.words[0], exit.words[1]);
        let _ = kernel.reschedule();
    }
}

/// The current thread makes another system call.
pub extern "C" fn system_call(context: &mut Context, number: Word) -> *mut Context {
    // SAFETY: exceptions of one priority don't nest, so this is the only user of the kernel.
    let kernel = unsafe { kernel() };
    let stack_pointer = core::ptr::from_mut(context).addr();
    let effect = kernel.system_call(stack_pointer, number, context.words());
    follow(context, effect)
}

/// The current thread executed `svc`, or was interrupted, with a stack pointer outside its stack.
/// Then another context is to be loaded.
pub extern "C" fn out_of_bounds() {
    // SAFETY: exceptions of one priority don't nest, so this is the only user of the kernel.
    let kernel = unsafe { kernel() };
    let _ = kernel.fault(Cause::Stack, 0, 0);
}

/// SysTick has counted down, an interrupt line is active, or an exception that nobody uses.
pub extern "C" fn interrupt(context: *mut Context) -> *mut Context {
    // SAFETY: exceptions of one priority don't nest, so this is the only user of the kernel.
    let kernel = unsafe { kernel() };
    kernel.current().stack_pointer = context.addr();
    let exception = active_exception();
    let effect = if exception == SYSTICK {
        kernel.timer()
    } else {
        let told = if exception == PENDSV { NON_MASKABLE } else { exception };
        kernel.interrupt(line_of(told) as u16)
    };
    follow(context, effect)
}

/// Numbers of exceptions.
const NON_MASKABLE: u32 = 2;
const PENDSV: u32 = 14;
const SYSTICK: u32 = 15;

/// The exception that is active (ARM DDI 0403E, B3.2.4).
pub fn active_exception() -> u32 {
    const ACTIVE: u32 = 0x1ff;
    // SAFETY: this only reads.
    unsafe { (*SCB::PTR).icsr.read() & ACTIVE }
}

/// The interrupt line of an exception. Those of the CPU itself are below line 0.
const fn line_of(exception: u32) -> u32 {
    exception.wrapping_sub(16)
}

/// An interrupt has come before the kernel has started, from something that boot code has left running. It
/// is the only one: until the kernel has put all in order, no other is let in.
pub extern "C" fn early_interrupt() {
    cortex_m::interrupt::disable();
    say("early interrupt", &[line_of(active_exception())]);
}

/// The CPU refused to do what the current thread asked for. Then another context is to be loaded.
pub extern "C" fn fault(frame: *const Word) {
    // SAFETY: a fault of a thread comes from thread mode, where the kernel is not running.
    let kernel = unsafe { kernel() };
    let stack = kernel.current().stack();
    let report = fault::read(frame, stack);
    let _ = kernel.fault(report.cause, report.instruction, report.address);
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

/// The context of the current thread is to be [loaded](crate::entry::load).
const LOAD: *mut Context = core::ptr::null_mut();
