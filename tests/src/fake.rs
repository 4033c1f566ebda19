// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that looks like a stack, and is none.

use core::cell::UnsafeCell;

/// So many words of a process, to set its stack pointer to.
#[derive(Debug)]
#[repr(align(64))]
pub struct FakeStack<const WORDS: usize>(UnsafeCell<[usize; WORDS]>);

// SAFETY: one thread of the attacker uses it.
unsafe impl<const WORDS: usize> Sync for FakeStack<WORDS> {}

impl<const WORDS: usize> FakeStack<WORDS> {
    /// One that is all zeroes.
    #[must_use]
    pub const fn new() -> FakeStack<WORDS> {
        FakeStack(UnsafeCell::new([0; WORDS]))
    }

    /// Its words.
    #[must_use]
    pub const fn words(&self) -> *mut [usize; WORDS] {
        self.0.get()
    }

    /// Returns where it ends: an empty stack begins there.
    #[must_use]
    pub fn top(&self) -> usize {
        self.words().addr() + size_of::<[usize; WORDS]>()
    }
}

impl<const WORDS: usize> Default for FakeStack<WORDS> {
    fn default() -> FakeStack<WORDS> {
        FakeStack::new()
    }
}
