// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process with all kinds of statics. The checks of a port's guarantees use its memory and stack.
//!
//! The process is the first of its wiring, with one thread, which calls [`use_statics`] (so that the statics are those
//! of the process) and does not run before the check. Some process of the wiring has to say `inspects;`.

use crate::arch;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::kept;
use crossgate_abi::table::{ProcessMemory, System};

kept! {
    static KEPT: [u32; 8];
}
static INITIALISED: [AtomicU32; 100] = [const { AtomicU32::new(7) }; 100];
static ZEROED: [AtomicU32; 100] = [const { AtomicU32::new(0) }; 100];

/// Uses statics with initial values, statics without, and kept statics.
pub fn use_statics() {
    KEPT.clear();
    // (Otherwise the compiler would see that nobody needs them.)
    let (initialised, zeroed) = core::hint::black_box((&INITIALISED, &ZEROED));
    for (one, other) in initialised.iter().zip(zeroed) {
        one.store(other.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Returns the memory of the process.
#[must_use]
pub fn memory(system: &'static System) -> ProcessMemory {
    *arch::placed(system).processes[0].memory
}

/// Returns the stack of the process' thread.
#[must_use]
pub fn stack(system: &'static System) -> Range<usize> {
    // The first thread is the idle one.
    arch::placed(system).threads[1].stack_range()
}
