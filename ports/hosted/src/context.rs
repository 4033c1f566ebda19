// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack.

use crossgate_abi::{ARGUMENT_WORDS, RESULT_WORDS, Status, Word};

/// The words at a saved stack pointer: what the [gate](crate::entry) pushed, then the address that the
/// call of the gate pushed.
#[repr(C)]
pub struct Context {
    /// MXCSR in the lower half, the x87 control word in the upper one.
    control: u64,
    /// The selector of the system call.
    pub selector: Word,
    /// Its arguments, then its results: status first.
    pub words: [Word; ARGUMENT_WORDS],
    /// The registers that a function preserves: r15 to r12, rbx, rbp.
    pub saved: [Word; 6],
    /// Where the call of the gate returns to.
    pub return_address: Word,
}

impl Context {
    /// The number of bytes that a context is.
    pub const SIZE: Word = size_of::<Context>();

    /// The value of rbp.
    pub fn frame_pointer(&self) -> Word {
        self.saved[5]
    }

    /// Ends the system call that the context is in.
    pub fn set_status(&mut self, status: Status) {
        self.words[0] = status.0;
    }
}

/// The words that a thread goes on with after a system call, in place of those in its context.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Answer {
    /// Where its [`Context`] is.
    pub stack_pointer: Word,
    /// The results of the system call: status, two words.
    pub words: [Word; 1 + RESULT_WORDS],
}

/// The registers of a thread that begins, or enters a method.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Start {
    pub stack_pointer: Word,
    /// The address of a function.
    pub target: Word,
    /// Its arguments: rdi, rsi, rdx, rcx, r8, r9.
    pub arguments: [Word; 6],
}
