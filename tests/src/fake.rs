// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that looks like a stack, but is not a stack.

use core::cell::UnsafeCell;

/// An array of words of a process. An attacker can set its stack pointer to it.
#[derive(Debug)]
#[repr(align(64))]
pub struct FakeStack<const WORDS: usize>(UnsafeCell<[usize; WORDS]>);

// SAFETY: only one thread of the attacker uses it.
unsafe impl<const WORDS: usize> Sync for FakeStack<WORDS> {}

impl<const WORDS: usize> FakeStack<WORDS> {
    /// Creates one that is all zeroes.
    #[must_use]
    pub const fn new() -> FakeStack<WORDS> {
        FakeStack(UnsafeCell::new([0; WORDS]))
    }

    /// Returns its words.
    #[must_use]
    pub const fn words(&self) -> *mut [usize; WORDS] {
        self.0.get()
    }

    /// Returns its end: an empty stack starts there.
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
