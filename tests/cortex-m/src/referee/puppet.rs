// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puppets: the referee does the actions of a thread that never runs.

use super::moment::{forget_interrupts, kernel};
use super::operation::{FLOATS, FRAME, Frame, KINDS, Operation};
use super::registers::{Registers, TO_THREAD, TO_THREAD_WITH_FLOATS};
use crate::floats::ROUND_UP;
use board::port::start;
use core::arch::naked_asm;
use crossgate_abi::number;

/// The next action of the current thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Any action.
    Free,
    /// Only this action, because the thread executes code of the port, or repeats a system call.
    Only(Operation),
    /// Only this action or none, because the thread is the idle thread.
    Idle(Operation),
}

/// The values of the registers of a frame when the handler of an interrupt starts. They may be any values, because
/// another handler may have run before.
const SPOILT: u32 = 0x5b5b_5b5b;
/// The bit of the status for Thumb code, which all threads run.
const THUMB: u32 = 1 << 24;
/// The CPU has aligned the stack pointer to 8.
const ALIGNED: u32 = 1 << 9;
/// The value of `lr` of a puppet. It is not an address of code.
const LINK: u32 = 0x0e55_0e55;

/// The place at which all puppets make their system calls. It never runs.
#[unsafe(naked)]
unsafe extern "C" fn system_call() {
    naked_asm!("svc 0", "udf #0")
}

fn system_call_address() -> u32 {
    system_call as *const () as u32 & !1
}

/// The referee.
pub struct Referee {
    /// The registers with which the current thread would continue.
    pub(super) registers: Registers,
    /// The numbers of operations that a fast path finished: of each system call by its number, then of calls, and of
    /// interrupts.
    pub fast: [usize; KINDS],
    /// The same numbers for the slow paths.
    pub slow: [usize; KINDS],
}

impl Referee {
    /// Returns the next action of the current thread.
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

    /// Returns an operation with the registers of the current thread.
    pub fn unchanged(&self) -> Operation {
        let frame = self.frame();
        Operation {
            line: None,
            selector: frame.selector,
            words: frame.words,
            stack_pointer: self.stack_pointer(),
            saved: self.registers.saved,
            floats: self.floats(),
        }
    }

    /// Returns the floats of the current thread, if it uses them: the CPU has pushed the first half.
    fn floats(&self) -> Option<[u32; 32]> {
        let pushed = (self.registers.process_stack + FRAME) as *const [u32; 16];
        self.registers.uses_floats().then(|| {
            let mut floats = self.registers.floats;
            // SAFETY: the kernel returns to the thread with a frame there.
            let pushed = unsafe { pushed.read() };
            floats.iter_mut().zip(pushed).for_each(|(register, word)| *register = word);
            floats
        })
    }

    /// Returns the stack pointer of the current thread.
    pub fn stack_pointer(&self) -> usize {
        let gap = if self.frame().status & ALIGNED != 0 { 4 } else { 0 };
        let floats = if self.registers.uses_floats() { FLOATS } else { 0 };
        self.registers.process_stack + FRAME + floats + gap
    }

    /// Returns r0 to r3 of the current thread.
    pub fn words(&self) -> [u32; 4] {
        self.frame().words
    }

    fn frame(&self) -> Frame {
        // SAFETY: the kernel returns to the thread with a frame there.
        unsafe { (self.registers.process_stack as *const Frame).read() }
    }

    /// Sets up the state of this system call or interrupt, as the CPU does, up to the kernel's first instruction.
    pub(super) fn lay_down(&mut self, operation: &Operation) {
        forget_interrupts();
        let process_stack = operation.frame();
        let is_aligned = operation.stack_pointer & 4 != 0;
        let [first, second, third, fourth] = operation.words;
        let Frame { link, program_counter, .. } = self.frame();
        let (link, program_counter) = match self.turn() {
            // After an interrupt, the thread still has to do its only possible action.
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
        // SAFETY: the frame is memory that the thread may write.
        unsafe { (process_stack as *mut Frame).write(frame) };
        let (link, floats) = match operation.floats {
            Some(floats) => {
                let place = process_stack + FRAME;
                // SAFETY: as above.
                unsafe {
                    (place as *mut [u32; 16]).write(core::array::from_fn(|index| floats[index]));
                    ((place + 64) as *mut u32).write(ROUND_UP);
                }
                (TO_THREAD_WITH_FLOATS, floats)
            }
            None => (TO_THREAD, [0; 32]),
        };
        let saved = operation.saved;
        self.registers =
            Registers { saved, process_stack, scratch, link, floats, ..self.registers };
    }
}
