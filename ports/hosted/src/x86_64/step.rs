// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single steps: an interrupt after a given number of instructions.
//!
//! The steps start when a thread continues after an [interrupt](crate::interrupt::INTERRUPT_FLAGS): the trap flag is
//! set in its saved flags. They end after the last step, or at the next system call.

use crate::context::Context;
use crate::interrupt::INTERRUPT_FLAGS;
use crate::registers::{Registers, TRAP};
use crate::words::{DEADLINE, PENDING};
use core::ffi::c_int;
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate_protection::Span;

/// The number of steps that are left.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Interrupts the thread again after this number of instructions. `context` is the context of its present interrupt.
/// `window` is the open part of its stack.
pub fn begin(context: &Context, window: Span, instructions: u32) {
    let flags = context.frame_pointer().wrapping_add(INTERRUPT_FLAGS);
    let place = Span { start: flags, end: flags.wrapping_add(size_of::<i64>()) };
    if instructions == 0 || !window.contains(place) || !flags.is_multiple_of(align_of::<i64>()) {
        return;
    }
    // SAFETY: the flags are in the open part of the stack of the thread, which alone uses it. If the thread has called
    // the function for an interrupt by itself, it only changes its own data there.
    unsafe { *core::ptr::with_exposed_provenance_mut::<i64>(flags) |= TRAP };
    LEFT.store(instructions, Ordering::Relaxed);
}

/// Returns `true` if a thread is single-stepped now.
pub fn is_going_on() -> bool {
    LEFT.load(Ordering::Relaxed) != 0
}

/// Returns an error if this CPU can't make single steps.
///
/// # Errors
/// Never, on this CPU.
pub fn check() -> Result<(), String> {
    Ok(())
}

/// Records a step if this signal is one. Returns whether it was the last one.
pub fn on_signal(signal: c_int, code: c_int, registers: &mut Registers) -> Option<bool> {
    (signal == libc::SIGTRAP && code == libc::TRAP_TRACE).then(|| done(registers.flags()))
}

/// Records a step. Returns whether it was the last one.
fn done(flags: &mut i64) -> bool {
    let left = LEFT.load(Ordering::Relaxed);
    LEFT.store(left.saturating_sub(1), Ordering::Relaxed);
    if left <= 1 {
        // If no step is left, another thread has run since then, and has entered the kernel.
        *flags &= !TRAP;
    } else {
        // The flag is set again, because the last instruction may have loaded the flags that an interrupt had saved.
        *flags |= TRAP;
    }
    if left == 1 {
        PENDING.fetch_or(DEADLINE, Ordering::Relaxed);
    }
    left == 1
}

/// Records that a thread has entered the kernel. The interrupt comes when the thread leaves the kernel.
pub fn arrived() {
    if LEFT.swap(0, Ordering::Relaxed) != 0 {
        PENDING.fetch_or(DEADLINE, Ordering::Relaxed);
    }
}
