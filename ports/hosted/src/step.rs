// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single-stepping: an interrupt after so many instructions.
//!
//! It starts when a thread goes on after an [interrupt](crate::interrupt::INTERRUPT_FLAGS), whose saved flags
//! get the trap flag, and ends after the last step, or at the next system call.

use crate::context::Context;
use crate::interrupt::INTERRUPT_FLAGS;
use crate::words::{DEADLINE, PENDING};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate_protection::Span;

/// The flag that has the CPU trap after each instruction (Intel SDM 3A, 2.3).
pub const TRAP: i64 = 1 << 8;

/// How many steps are left.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Has the thread that was interrupted in `context` interrupted again after so many instructions.
/// `window` is the open part of its stack.
pub fn begin(context: &Context, window: Span, instructions: u32) {
    let flags = context.frame_pointer().wrapping_add(INTERRUPT_FLAGS);
    let place = Span { start: flags, end: flags.wrapping_add(size_of::<i64>()) };
    if instructions == 0 || !window.contains(place) || !flags.is_multiple_of(align_of::<i64>()) {
        return;
    }
    // SAFETY: it is in the open part of the stack of the thread, which alone uses it. If the thread
    // called for an interrupt by itself, it only changes what it has there.
    unsafe { *core::ptr::with_exposed_provenance_mut::<i64>(flags) |= TRAP };
    LEFT.store(instructions, Ordering::Relaxed);
}

/// Returns whether a thread is single-stepped.
pub fn is_going_on() -> bool {
    LEFT.load(Ordering::Relaxed) != 0
}

/// A step was made. Returns whether it was the last one.
pub fn done(flags: &mut i64) -> bool {
    let left = LEFT.load(Ordering::Relaxed);
    LEFT.store(left.saturating_sub(1), Ordering::Relaxed);
    if left <= 1 {
        // With none left, another thread has run since, and has come to the kernel.
        *flags &= !TRAP;
    } else {
        // The step may have been the end of an interrupt, which loads the flags that it had saved.
        *flags |= TRAP;
    }
    if left == 1 {
        PENDING.fetch_or(DEADLINE, Ordering::Relaxed);
    }
    left == 1
}

/// A thread has come to the kernel: then the interrupt comes when it leaves.
pub fn arrived() {
    if LEFT.swap(0, Ordering::Relaxed) != 0 {
        PENDING.fetch_or(DEADLINE, Ordering::Relaxed);
    }
}
