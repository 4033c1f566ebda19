// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puppets: the referee does the actions of a thread that never runs.

use super::cpu::registers::Registers;
use super::cpu::thread::{self, Thread};
use super::kernel::kernel;
use super::operation::{KINDS, Operation};
use board::port::start;
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
    /// Returns a referee. The current thread would continue with these registers.
    pub(super) fn new(registers: Registers) -> Referee {
        Referee { registers, fast: [0; KINDS], slow: [0; KINDS] }
    }

    /// Returns the next action of the current thread.
    pub fn turn(&self) -> Turn {
        let Thread { program_counter, .. } = self.registers.thread();
        let mut only = self.unchanged();
        if kernel().thread_id() == 0 {
            only.selector = number::system_call(number::WORK) as u32;
            return Turn::Idle(only);
        }
        if program_counter == start::begin as *const () as usize & !1 {
            only.selector = number::system_call(number::BEGIN) as u32;
            return Turn::Only(only);
        }
        if program_counter == thread::system_call() { Turn::Only(only) } else { Turn::Free }
    }

    /// Returns an operation with the registers of the current thread.
    pub fn unchanged(&self) -> Operation {
        let Thread { selector, words, stack_pointer, saved, floats, .. } = self.registers.thread();
        Operation { line: None, selector, words, stack_pointer, saved, floats }
    }

    /// Returns the stack pointer of the current thread.
    pub fn stack_pointer(&self) -> usize {
        self.registers.thread().stack_pointer
    }

    /// Sets up the state of this system call or interrupt, as the CPU does, up to the kernel's first instruction.
    pub(super) fn lay_down(&mut self, operation: &Operation) {
        let stays = matches!(self.turn(), Turn::Only(_) | Turn::Idle(_));
        // After an interrupt, the thread still has to do its only possible action.
        thread::lay_down(&mut self.registers, operation, stays && operation.line.is_some());
    }
}
