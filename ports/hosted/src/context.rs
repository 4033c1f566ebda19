// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack.

use crossgate_abi::{ARGUMENT_WORDS, RESULT_WORDS, Status, Word};

/// The words at a saved stack pointer: the registers that the [gate](crate::entry) has pushed, and after them the
/// return address of the call of the gate.
#[repr(C)]
pub struct Context {
    /// MXCSR in the lower half, the x87 control word in the upper one.
    control: u64,
    /// The selector of the system call.
    pub selector: Word,
    /// The arguments of the system call, and later its results, with the status first.
    pub words: [Word; ARGUMENT_WORDS],
    /// The registers that a function preserves: r15 to r12, rbx, rbp.
    pub saved: [Word; 6],
    /// The address to which the call of the gate returns.
    pub return_address: Word,
}

impl Context {
    /// The size of a context in bytes.
    pub const SIZE: Word = size_of::<Context>();

    /// Returns the value of rbp.
    pub fn frame_pointer(&self) -> Word {
        self.saved[5]
    }

    /// Ends the system call of this context with a status.
    pub fn set_status(&mut self, status: Status) {
        self.words[0] = status.0;
    }
}

/// The results with which a thread continues after a system call, in place of the words in its context.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Answer {
    /// The address of its [`Context`].
    pub stack_pointer: Word,
    /// The results of the system call: status, two words.
    pub words: [Word; 1 + RESULT_WORDS],
}

/// The registers of a thread that starts, or enters a method.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Start {
    pub stack_pointer: Word,
    /// The address of a function.
    pub target: Word,
    /// Its arguments: rdi, rsi, rdx, rcx, r8, r9.
    pub arguments: [Word; 6],
}
