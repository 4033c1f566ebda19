// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and interrupts, as the kernel receives them.

use super::cpu::registers::SAVED;
use crossgate_abi::SystemCall;

/// The index at which system calls without a meaning are counted. System calls that exist are counted by their numbers.
pub const UNKNOWN: usize = SystemCall::ALL.len();
/// The index at which calls are counted.
pub const CALL: usize = UNKNOWN + 1;
/// The index at which interrupts are counted.
pub const INTERRUPT: usize = UNKNOWN + 2;
/// The number of kinds of operations of the kernel.
pub const KINDS: usize = UNKNOWN + 3;

/// The path by which an operation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A fast path.
    Fast,
    /// The slow path, because the fast path gave up.
    Slow,
}

/// A system call or an interrupt, with all of its inputs to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The line, if the operation is an interrupt.
    pub line: Option<u16>,
    /// The selector of the system call.
    pub selector: u32,
    /// The words of the system call.
    pub words: [u32; 4],
    /// The stack pointer before the system call, or when the interrupt comes.
    pub stack_pointer: usize,
    /// The registers that a system call preserves.
    pub saved: [u32; SAVED],
    /// s0 to s31, if the thread uses floats.
    pub floats: Option<[u32; 32]>,
}

/// Returns floats for an operation: values that follow from a number, if the firmware is for a CPU with floats.
pub fn floats(number: u32) -> Option<[u32; 32]> {
    let float = |index: usize| number.rotate_left(index as u32) ^ index as u32;
    cfg!(target_abi = "eabihf").then(|| core::array::from_fn(float))
}

impl Operation {
    /// Returns the index at which the operation is counted.
    pub fn kind(&self) -> usize {
        match self.line {
            Some(_) => INTERRUPT,
            None if self.selector as i32 >= 0 => CALL,
            None => (!self.selector as usize).min(UNKNOWN),
        }
    }

    /// Returns an interrupt of a thread with these registers, instead of this operation.
    pub fn interrupted(self, line: u16) -> Operation {
        Operation { line: Some(line), ..self }
    }
}
