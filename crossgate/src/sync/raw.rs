// SPDX-License-Identifier: MIT OR Apache-2.0
//! The word of a mutex.

use crate::arch::{stack_pointer, system_call};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crossgate_abi::{Word, number};

/// The word of a free mutex.
const FREE: Word = 0;
/// Bit 0 of the word: other threads wait.
const CONTENDED: Word = 1;

/// A mutex without a value, in the memory of the process: the basis of [`Mutex`](super::Mutex) and of the crate
/// `crossgate-critical-section`.
//
// The word contains the stack pointer of the holder at the time when it took the mutex. A thread knows its stack
// pointer without a system call, and the kernel can find the holder by this address, to raise its priority.
#[derive(Debug)]
pub struct RawMutex(AtomicUsize);

impl RawMutex {
    /// Creates a free mutex.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    #[must_use]
    pub const fn new() -> Self {
        RawMutex(AtomicUsize::new(FREE))
    }

    /// Takes the mutex if it is free. Returns whether it was free.
    #[inline(always)]
    #[must_use]
    pub fn take(&self) -> bool {
        let me = stack_pointer();
        self.0.compare_exchange(FREE, me, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Waits until the mutex may be free. Returns `false` if the wait would never end: because this thread holds the
    /// mutex, the holder waits for this thread, or the holder never runs again.
    #[must_use]
    pub fn wait(&self) -> bool {
        system_call(number::MUTEX_WAIT, [self.0.as_ptr().expose_provenance()]).status == 0
    }

    /// Frees the mutex, which this thread holds.
    #[inline(always)]
    pub fn free(&self) {
        let word = self.0.load(Ordering::Relaxed);
        // While this thread holds the mutex, the word changes only if another thread starts to wait.
        if word & CONTENDED != 0
            || self.0.compare_exchange(word, FREE, Ordering::Release, Ordering::Relaxed).is_err()
        {
            self.wake();
        }
    }

    /// Returns the stack pointer that the holder had; 0 if the mutex is free.
    #[inline(always)]
    #[must_use]
    pub fn holder(&self) -> Word {
        self.0.load(Ordering::Relaxed) & !CONTENDED
    }

    /// Returns whether this stack pointer is in the stack of the calling thread. To find this out, the method sets the
    /// word as if a thread with this stack pointer held the mutex, and asks the kernel to free the mutex. The kernel
    /// does this only if the stack pointer belongs to the calling thread. No other thread may use this mutex during the
    /// call.
    #[must_use]
    pub fn is_on_my_stack(&self, stack_pointer: Word) -> bool {
        self.0.store(stack_pointer, Ordering::Relaxed);
        self.wake()
    }

    /// Makes the kernel free the mutex, and wake the threads that wait for it. Returns whether this thread held the
    /// mutex.
    #[cold]
    fn wake(&self) -> bool {
        system_call(number::MUTEX_WAKE, [self.0.as_ptr().expose_provenance()]).status == 0
    }
}
