// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a thread does, without the thread.

use super::processor::Registers;
use super::{CALL, INTERRUPT, Moment, Referee, UNKNOWN, kernel};
use board::port::start;
use core::arch::naked_asm;
use crossgate_abi::number;
use crossgate_protection::Span;

/// A system call, or an interrupt, with all that the kernel finds of it.
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

/// What the thread that is current can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What it wants.
    Free,
    /// Only this, as its code is the port's, or it is at a system call that it makes again.
    Only(Operation),
    /// Only this or nothing, as it is the idle thread.
    Idle(Operation),
}

/// What the CPU pushes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Frame {
    words: [u32; 4],
    selector: u32,
    link: u32,
    program_counter: u32,
    status: u32,
}

const FRAME: usize = size_of::<Frame>();
/// What the registers of a frame hold when an interrupt's handler begins: anything, if that of another one has run
/// before.
const SPOILT: u32 = 0x5b5b_5b5b;
/// In the status: the thread runs Thumb code, as all do.
const THUMB: u32 = 1 << 24;
/// The CPU has aligned the stack pointer to 8.
const ALIGNED: u32 = 1 << 9;
/// What a puppet has in `lr`: no address of code.
const LINK: u32 = 0x0e55_0e55;

/// Where all puppets make their system calls. It never runs.
#[unsafe(naked)]
unsafe extern "C" fn system_call() {
    naked_asm!("svc 0", "udf #0")
}

fn system_call_address() -> u32 {
    system_call as *const () as u32 & !1
}

impl Operation {
    /// Returns what it is counted as.
    pub fn kind(&self) -> usize {
        match self.line {
            Some(_) => INTERRUPT,
            None if self.selector as i32 >= 0 => CALL,
            None => (!self.selector as usize).min(UNKNOWN),
        }
    }

    /// An interrupt instead, of a thread with these registers.
    pub fn interrupted(self, line: u16) -> Operation {
        Operation { line: Some(line), ..self }
    }

    /// Returns `true` if the CPU could make it at this moment: it pushes its frame with the rights of the thread.
    pub fn is_possible(&self, moment: &Moment) -> bool {
        let start = self.frame();
        self.stack_pointer & 3 == 0
            && start < usize::MAX - FRAME
            && moment.is_writable(Span { start, end: start + FRAME })
    }

    /// Returns where the CPU pushes its frame.
    fn frame(&self) -> usize {
        self.stack_pointer.wrapping_sub(FRAME) & !7
    }
}

impl Referee {
    /// Returns what the current thread can do.
    pub fn turn(&self) -> Turn {
        let frame = self.frame();
        let mut only = self.unchanged();
        if kernel().thread_id() == 0 {
            only.selector = number::system_call(number::WORK) as u32;
            return Turn::Idle(only);
        }
        if frame.program_counter == start::begin as *const () as u32 & !1 {
            only.selector = number::system_call(number::BEGIN) as u32;
            return Turn::Only(only);
        }
        if frame.program_counter == system_call_address() { Turn::Only(only) } else { Turn::Free }
    }

    /// An operation with the registers that the current thread has.
    pub fn unchanged(&self) -> Operation {
        let frame = self.frame();
        Operation {
            line: None,
            selector: frame.selector,
            words: frame.words,
            stack_pointer: self.stack_pointer(),
            saved: self.registers.saved,
        }
    }

    /// The stack pointer that the current thread has.
    pub fn stack_pointer(&self) -> usize {
        let gap = if self.frame().status & ALIGNED != 0 { 4 } else { 0 };
        self.registers.process_stack + FRAME + gap
    }

    /// r0 to r3 as the current thread finds them.
    pub fn words(&self) -> [u32; 4] {
        self.frame().words
    }

    fn frame(&self) -> Frame {
        // SAFETY: the kernel returns to the thread with a frame there.
        unsafe { (self.registers.process_stack as *const Frame).read() }
    }

    /// Does what the CPU does at this system call or interrupt, up to the kernel's first instruction.
    pub(super) fn lay_down(&mut self, operation: &Operation) {
        let process_stack = operation.frame();
        let is_aligned = operation.stack_pointer & 4 != 0;
        let [first, second, third, fourth] = operation.words;
        let Frame { link, program_counter, .. } = self.frame();
        let (link, program_counter) = match self.turn() {
            // After an interrupt it has yet to do what it can only do.
            Turn::Only(_) | Turn::Idle(_) if operation.line.is_some() => (link, program_counter),
            _ => (LINK, system_call_address() + 2),
        };
        let scratch = match operation.line {
            Some(_) => [SPOILT; 5],
            None => [first, second, third, fourth, operation.selector],
        };
        let frame = Frame {
            words: operation.words,
            selector: operation.selector,
            link,
            program_counter,
            status: THUMB | if is_aligned { ALIGNED } else { 0 },
        };
        // SAFETY: it is memory that the thread may write.
        unsafe { (process_stack as *mut Frame).write(frame) };
        self.registers =
            Registers { saved: operation.saved, process_stack, scratch, ..self.registers };
    }
}
