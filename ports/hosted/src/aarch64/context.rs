// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack.

use core::mem::offset_of;
use crossgate_abi::inspect::dump::REGISTER_COUNT;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word};

/// The index of the stack pointer among the registers of a dump.
pub const STACK_POINTER: usize = 31;
/// The index of the address of the next instruction.
const INSTRUCTION: usize = 32;
/// The index of the first register that a function preserves.
const PRESERVED: usize = 19;

/// The words at a saved stack pointer: the registers that the [gate](crate::entry) has stored.
#[repr(C, align(16))]
pub struct Context {
    /// FPCR.
    pub control: u64,
    /// The selector of the system call.
    pub selector: Word,
    /// The arguments of the system call, and later its results, with the status first.
    pub words: [Word; ARGUMENT_WORDS],
    /// The registers that a function preserves: x19 to x29.
    pub saved: [Word; 11],
    /// The address to which the call of the gate returns: x30.
    pub return_address: Word,
    /// The parts of vector registers that a function preserves: d8 to d15.
    pub vectors: [u64; 8],
}

impl Context {
    /// The size of a context in bytes.
    pub const SIZE: Word = size_of::<Context>();

    /// Returns the registers of the thread whose context is at `context`, in the order of a dump. `read` reads a word of
    /// its stack. Registers that were not saved are 0, because their values may not belong to this thread.
    pub fn dumped(context: Word, read: impl Fn(Word) -> Word) -> [Word; REGISTER_COUNT] {
        let mut registers = [0; REGISTER_COUNT];
        let mut load = |first: usize, count: usize, field: usize| {
            for index in 0..count {
                registers[first + index] = read(context + field + index * size_of::<Word>());
            }
        };
        load(0, ARGUMENT_WORDS, offset_of!(Context, words));
        load(8, 1, offset_of!(Context, selector));
        load(PRESERVED, 11, offset_of!(Context, saved));
        load(30, 1, offset_of!(Context, return_address));
        load(INSTRUCTION, 1, offset_of!(Context, return_address));
        registers[STACK_POINTER] = context + Context::SIZE;
        registers
    }

    /// Ends the system call of this context with a status.
    pub fn set_status(&mut self, status: Status) {
        self.words[0] = status.0;
    }
}
