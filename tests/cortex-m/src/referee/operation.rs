// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and interrupts, as the kernel finds them.

use super::moment::Moment;
use crossgate_abi::SystemCall;
use crossgate_protection::Span;

/// The index at which system calls are counted that do not exist. Existing ones are counted by their numbers.
pub const UNKNOWN: usize = SystemCall::ALL.len();
/// The index at which calls are counted.
pub const CALL: usize = UNKNOWN + 1;
/// The index at which interrupts are counted.
pub const INTERRUPT: usize = UNKNOWN + 2;
/// The number of kinds of operations of the kernel.
pub const KINDS: usize = UNKNOWN + 3;

/// A system call, or an interrupt, with everything that the kernel finds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The line, if it is an interrupt.
    pub line: Option<u16>,
    /// r12.
    pub selector: u32,
    /// r0 to r3.
    pub words: [u32; 4],
    /// The stack pointer before the CPU pushes its frame.
    pub stack_pointer: usize,
    /// r4 to r11.
    pub saved: [u32; 8],
}

/// The frame that the CPU pushes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    pub words: [u32; 4],
    pub selector: u32,
    pub link: u32,
    pub program_counter: u32,
    pub status: u32,
}

/// Its length in bytes.
pub const FRAME: usize = size_of::<Frame>();
impl Operation {
    /// Returns the index at which it is counted.
    pub fn kind(&self) -> usize {
        match self.line {
            Some(_) => INTERRUPT,
            None if self.selector as i32 >= 0 => CALL,
            None => (!self.selector as usize).min(UNKNOWN),
        }
    }

    /// Returns an interrupt instead, of a thread with these registers.
    pub fn interrupted(self, line: u16) -> Operation {
        Operation { line: Some(line), ..self }
    }

    /// Returns `true` if the CPU could do it at this moment: it pushes its frame with the rights of the thread.
    pub fn is_possible(&self, moment: &Moment) -> bool {
        let start = self.frame();
        self.stack_pointer & 3 == 0
            && start < usize::MAX - FRAME
            && moment.is_writable(Span { start, end: start + FRAME })
    }

    /// Returns the address at which the CPU pushes its frame.
    pub fn frame(&self) -> usize {
        self.stack_pointer.wrapping_sub(FRAME) & !7
    }
}
