// SPDX-License-Identifier: MIT OR Apache-2.0
//! The changes of protection that are made when the kernel is left.

use crate::linux::memory::protection;
use crate::protection::CHANGES as MOST;
use core::ffi::c_int;
use core::sync::atomic::{AtomicUsize, Ordering};
use crossgate_protection::Span;

/// A change of protection, as arguments of `mprotect`.
#[repr(C)]
pub struct Change {
    pub start: AtomicUsize,
    pub length: AtomicUsize,
    pub protection: AtomicUsize,
}

impl Change {
    const fn none() -> Change {
        Change {
            start: AtomicUsize::new(0),
            length: AtomicUsize::new(0),
            protection: AtomicUsize::new(0),
        }
    }

    fn set(&self, span: Span, protection: c_int) {
        self.start.store(span.start, Ordering::Relaxed);
        self.length.store(span.length(), Ordering::Relaxed);
        self.protection.store(protection as usize, Ordering::Relaxed);
    }
}

/// The changes of protection that are made when the kernel is left. The list ends at the first change of length 0.
pub static CHANGES: [Change; MOST + 1] = [const { Change::none() }; MOST + 1];

/// Sets the spans that are closed or opened when the kernel is left. None of them is empty.
//
// The iterator is not moved, because a move would call `memcpy`. `memcpy` uses registers that take long to clear.
pub fn change_protection(mut spans: impl Iterator<Item = (Span, bool)>) {
    for change in &CHANGES {
        let Some((span, open)) = spans.next() else {
            return change.set(Span::EMPTY, 0);
        };
        change.set(span, protection(open));
    }
}
