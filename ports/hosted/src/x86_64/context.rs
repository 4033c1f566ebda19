// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack.

use core::mem::offset_of;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word};

/// The index of the stack pointer among the registers of a dump.
pub const STACK_POINTER: usize = 4;

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

    /// Returns the registers of the thread whose context is at `context`, in the order of a dump. `read` reads a word of
    /// its stack. Registers that were not saved are 0, because their values may not belong to this thread.
    pub fn dumped(context: Word, read: impl Fn(Word) -> Word) -> [Word; REGISTER_COUNT] {
        let words = |field: usize| move |index: usize| context + field + index * size_of::<Word>();
        let argument = words(offset_of!(Context, words));
        let kept = words(offset_of!(Context, saved));
        let [rdi, rsi, rdx, rcx] = core::array::from_fn(|index| read(argument(index)));
        let [r15, r14, r13, r12, rbx, rbp] = core::array::from_fn(|index| read(kept(index)));
        let rax = read(context + offset_of!(Context, selector));
        let rip = read(context + offset_of!(Context, return_address));
        let rsp = context + Context::SIZE;
        [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, 0, 0, 0, 0, r12, r13, r14, r15, rip]
    }

    /// Ends the system call of this context with a status.
    pub fn set_status(&mut self, status: Status) {
        self.words[0] = status.0;
    }
}
