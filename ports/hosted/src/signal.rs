// SPDX-License-Identifier: MIT OR Apache-2.0
//! The signals by which Linux interrupts a thread.
//!
//! A handler does none of the kernel's work. It changes the place at which the thread continues when the handler
//! returns. After an interrupt the thread continues in code that reports the interrupt to the kernel. After a fault it
//! continues in the kernel.

use crate::entry::{self, is_on_the_way_in};
use crate::linux::program;
use crate::linux::signals::{self, ENDS, FAULTS, Handler, interrupts};
use crate::machine::{window_of, with_kernel};
use crate::pages::STACK;
use crate::registers::{self, Registers};
use crate::words::{
    ATTENTION, DEVICE, HANDLER_STACK_END, PENDING, SIGNAL_STACK_END, TIMER, is_user,
};
use crate::{fault_status, interrupt, step, strays};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use core::sync::atomic::{AtomicI32, Ordering};
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// Makes Linux call `handler` for signals, on the signals' stack, which ends at `stack_end`. With protection keys, the
/// handlers run on another stack, because processes can write to the signals' stack: Linux needs this.
///
/// # Errors
/// If Linux refuses.
pub fn install(stack_end: usize, handlers_end: usize, handler: Handler) -> Result<(), String> {
    SIGNAL_STACK_END.store(stack_end, Ordering::Relaxed);
    HANDLER_STACK_END.store(handlers_end, Ordering::Relaxed);
    THIS.store(std::process::id().cast_signed(), Ordering::Relaxed);
    let all = || FAULTS.into_iter().chain(interrupts());
    for signal in all() {
        if ENDS.contains(&signal) && signals::is_ignored(signal) {
            continue;
        }
        signals::handle(signal, handler, all())?;
    }
    Ok(())
}

/// Handles any signal.
pub extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    registers::allow_any_alignment();
    if !is_from_linux(context) {
        return;
    }
    // SAFETY: Linux passes the handler its information about the signal.
    let (code, sender) = unsafe { ((*info).si_code, (*info).si_pid()) };
    let is_sent = code <= libc::SI_USER && sender != THIS.load(Ordering::Relaxed);
    if FAULTS.contains(&signal) && !is_sent {
        on_fault(signal, info, context);
    } else {
        on_interrupt(signal, sender, context);
    }
}

/// Returns whether Linux has written the context. A process that jumps here may pass any address instead; a context is
/// used only on the signals' stack, where nothing lies between two signals.
fn is_from_linux(context: *mut c_void) -> bool {
    let end = SIGNAL_STACK_END.load(Ordering::Relaxed);
    let size = offset_of!(libc::ucontext_t, uc_sigmask) + size_of::<u64>();
    let stack = Span { start: end - STACK, end };
    Span::new(context.addr(), size).is_some_and(|context| stack.contains(context))
}

/// The ID of this program's Linux process.
static THIS: AtomicI32 = AtomicI32::new(0);

/// Returns the registers that a handler changes.
fn registers<'a>(context: *mut c_void) -> Registers<'a> {
    // SAFETY: Linux passes the handler the context of the interrupted code.
    unsafe { Registers::of(context) }
}

/// Unblocks all signals from the return of the handler on, because other threads have to be interrupted, too. (The
/// interrupted thread may have blocked signals, as some functions of the C library do.)
fn unblock_signals(context: *mut c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: as in `registers`. Linux uses only the first word of the set.
    unsafe { (&raw mut (*context).uc_sigmask).cast::<u64>().write(0) };
}

fn on_interrupt(signal: c_int, sender: libc::pid_t, context: *mut c_void) {
    let what = match signal {
        libc::SIGALRM => TIMER,
        libc::SIGIO => DEVICE,
        libc::SIGVTALRM if is_user() && !step::is_going_on() => {
            with_kernel(|kernel| kernel.port.clock.tick())
        }
        libc::SIGVTALRM => 0,
        libc::SIGINT | libc::SIGTERM | libc::SIGHUP => {
            strays::note_end(signal);
            ATTENTION
        }
        _ => {
            strays::note(signal, sender);
            ATTENTION
        }
    };
    PENDING.fetch_or(what, Ordering::Relaxed);
    if is_user() && PENDING.load(Ordering::Relaxed) != 0 {
        tell_kernel(registers(context));
    }
}

/// Makes the interrupted thread, which ran user code, report an interrupt to the kernel.
fn tell_kernel(mut registers: Registers) {
    if is_on_the_way_in(registers.instruction()) {
        return;
    }
    let (window, rights) = with_kernel(|kernel| {
        let machine = &kernel.port;
        let rights = machine.protection.kernel_rights(&machine.opening);
        (window_of(kernel.current_thread()), rights)
    });
    if !interrupt::begin(&mut registers, window, rights) {
        to_kernel(registers, Cause::Stack, 0);
    }
}

/// Makes the thread continue in the kernel, which then handles a fault of the thread.
fn to_kernel(mut registers: Registers, cause: Cause, address: Word) {
    fault_status::note(&registers, cause, address);
    registers.reset_flags();
    let stack_pointer = registers.stack_pointer();
    registers.redirect(entry::after_fault(), stack_pointer);
}

fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let mut registers = registers(context);
    // SAFETY: Linux passes the handler its information about the signal.
    let (address, code) = unsafe { ((*info).si_addr().addr(), (*info).si_code) };
    if let Some(is_last) = step::on_signal(signal, code, &mut registers) {
        if is_last && is_user() {
            tell_kernel(registers);
        }
        return;
    }
    if !is_user() {
        let instruction = program::in_program(registers.instruction());
        program::fatal(format_args!(
            "the kernel itself crashed: signal {signal} at instruction {instruction:#x}, address {address:#x}"
        ));
    }
    let window = with_kernel(|kernel| window_of(kernel.current()));
    let is_memory = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
    let is_in_window = (window.start..=window.end).contains(&registers.stack_pointer());
    let cause = if is_memory && !is_in_window {
        Cause::Stack
    } else {
        fault_status::cause(signal, &registers, address, window.start)
    };
    let address = if is_memory { address } else { 0 };
    unblock_signals(context);
    to_kernel(registers, cause, address);
}
