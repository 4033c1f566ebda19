// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ways out of the kernel, and the registers with which a thread continues.

use crossgate_abi::{RESULT_WORDS, Word};

/// A path back to user mode. The first field is the code to which the kernel jumps, and the second field is its
/// argument.
#[repr(C)]
pub struct Way {
    pub exit: unsafe extern "C" fn(),
    pub argument: usize,
}

/// The results with which a thread continues after a system call, in place of the words in its context.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Answer {
    /// The address of its [`Context`](crate::context::Context).
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
    /// Its arguments.
    pub arguments: [Word; 6],
}
