// SPDX-License-Identifier: MIT OR Apache-2.0
//! The implementation of [`critical_section`] in a process: a lock with priority inheritance.
//!
//! No code of a process runs in interrupts, so a lock excludes all other code. Each process that uses
//! `critical_section` has a lock of its own, because this crate is a library. To link it in, name it in a process'
//! crate or in the firmware's:
//!
//! ```
//! use crossgate_critical_section as _;
//! ```
//!
//! A section without contention makes no system call. A nested section makes none either, once this crate has learned
//! the stack of the thread. It learns [`STACKS`] stacks. On any other stack, each nested section asks the kernel.
#![cfg_attr(not(test), no_std)]

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use critical_section::RawRestoreState;
use crossgate::arch::stack_pointer;
use crossgate::sync::{Mutex, RawMutex};
#[cfg(not(target_has_atomic = "32"))]
use portable_atomic as _;

/// The number of threads of a process, visitors included, for which nested sections are cheap.
pub const STACKS: usize = 4;

/// The lock.
static LOCK: RawMutex = RawMutex::new();
/// The known parts of stacks.
static KNOWN: [Part; STACKS] = [const { Part::none() }; STACKS];
/// A mutex by which `is_on_my_stack` asks the kernel.
static PROBE: Mutex<RawMutex> = Mutex::new(RawMutex::new());

struct Section;
critical_section::set_impl!(Section);

// SAFETY: one thread of the process at a time is between `acquire` and `release`, and none of the process' code runs in
// interrupts.
unsafe impl critical_section::Impl for Section {
    /// Returns whether this thread has the lock already.
    unsafe fn acquire() -> RawRestoreState {
        !LOCK.take() && has_or_waits()
    }

    unsafe fn release(is_nested: RawRestoreState) {
        if !is_nested {
            LOCK.free();
        }
    }
}

/// A part of the stack of one thread. The part may grow, but it never becomes a part of another stack. So `has` needs
/// no lock: even if the part grows meanwhile, the two ends that `has` reads are on the same stack.
struct Part {
    low: AtomicUsize,
    high: AtomicUsize,
}

impl Part {
    /// A part of no stack.
    const fn none() -> Part {
        Part { low: AtomicUsize::new(usize::MAX), high: AtomicUsize::new(0) }
    }

    #[inline(always)]
    fn has(&self, address: usize) -> bool {
        self.low.load(Relaxed) <= address && address <= self.high.load(Relaxed)
    }

    /// Extends the part to an address of the same stack. Only one thread at a time may call this function.
    fn grow(&self, address: usize) {
        self.low.store(self.low.load(Relaxed).min(address), Relaxed);
        self.high.store(self.high.load(Relaxed).max(address), Relaxed);
    }
}

/// Returns whether this thread has the lock. If not, waits for the lock, and takes it.
#[inline(never)]
fn has_or_waits() -> bool {
    let (holder, here) = (LOCK.holder(), stack_pointer());
    // Both addresses are on the same stack, which is the stack of this thread.
    if KNOWN.iter().any(|part| part.has(holder) && part.has(here)) {
        return true;
    }
    wait(here)
}

#[cold]
fn wait(here: usize) -> bool {
    loop {
        if LOCK.take() {
            return false;
        }
        // The kernel refuses a wait of a thread for itself, like every wait that would close a cycle.
        if !LOCK.wait() {
            let holder = LOCK.holder();
            assert!(is_on_my_stack(holder), "this wait for a critical section would never end");
            learn([holder, here]);
            return true;
        }
    }
}

/// Remembers that these addresses are on the stack of this thread, which has the lock.
fn learn(addresses: [usize; 2]) {
    let is_mine = |part: &&Part| {
        let low = part.low.load(Relaxed);
        low == usize::MAX || is_on_my_stack(low)
    };
    if let Some(part) = KNOWN.iter().find(is_mine) {
        addresses.iter().for_each(|&address| part.grow(address));
    }
}

/// Returns whether an address is on the stack of this thread: if it is, the kernel lets this thread free a mutex that
/// has been taken there.
fn is_on_my_stack(address: usize) -> bool {
    PROBE.lock().is_on_my_stack(address)
}
