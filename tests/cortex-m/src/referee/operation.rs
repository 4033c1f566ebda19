// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and interrupts, as the kernel receives them.

use super::moment::Moment;
use crossgate_abi::SystemCall;
use crossgate_protection::Span;

/// The index at which system calls without a meaning are counted. System calls that exist are counted by their numbers.
pub const UNKNOWN: usize = SystemCall::ALL.len();
/// The index at which calls are counted.
pub const CALL: usize = UNKNOWN + 1;
/// The index at which interrupts are counted.
pub const INTERRUPT: usize = UNKNOWN + 2;
/// The number of kinds of operations of the kernel.
pub const KINDS: usize = UNKNOWN + 3;

/// A system call or an interrupt, with all of its inputs to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The line, if the operation is an interrupt.
    pub line: Option<u16>,
    /// r12.
    pub selector: u32,
    /// r0 to r3.
    pub words: [u32; 4],
    /// The stack pointer before the CPU pushes its frame.
    pub stack_pointer: usize,
    /// r4 to r11.
    pub saved: [u32; 8],
    /// s0 to s31, if the thread uses floats.
    pub floats: Option<[u32; 32]>,
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

/// The length of the frame in bytes.
pub const FRAME: usize = size_of::<Frame>();
/// The length of s0 to s15, `FPSCR` and a free word, which the CPU pushes above it if the thread uses floats.
pub const FLOATS: usize = 72;
/// The length of s16 to s31, which the kernel saves in this case.
const SAVED_FLOATS: usize = 64;

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

    /// Returns `true` if this operation is possible now: the CPU can push its frame with the rights of the thread.
    pub fn is_possible(&self, moment: &Moment) -> bool {
        let start = self.frame();
        self.stack_pointer & 3 == 0
            && start < usize::MAX - self.length()
            && moment.is_writable(Span { start, end: start + FRAME })
            && (self.floats.is_none() || self.has_room_for_floats(moment))
    }

    /// Returns whether the CPU and the kernel have room for floats, if they have room for the other registers. (The
    /// slow path alone can't detect that the room is missing: see the test `float_attacks`.)
    fn has_room_for_floats(&self, moment: &Moment) -> bool {
        let start = self.frame();
        let [below, above] = moment.room(start);
        let end = start + self.length();
        moment.is_writable(Span { start: start + FRAME, end: end - 8 })
            && moment.is_writable(Span { start: end - 8, end })
            && (below > above || below >= SAVED_FLOATS && below + FLOATS <= above)
    }

    /// Returns the length of the frame.
    fn length(&self) -> usize {
        FRAME + if self.floats.is_some() { FLOATS } else { 0 }
    }

    /// Returns the address at which the CPU pushes its frame.
    pub fn frame(&self) -> usize {
        self.stack_pointer.wrapping_sub(self.length()) & !7
    }
}
