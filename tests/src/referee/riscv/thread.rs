// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread, and the state in which the CPU calls the kernel.

use super::super::arena::arena;
use super::super::operation::Operation;
use super::moment::{self, Moment};
use super::registers::{A0, A4, FREE, PRESERVED, PROGRAM_COUNTER, Registers, SAVED, SP, T0, T1};
use crate::arch::store;
use core::arch::naked_asm;

/// `mcause` at a system call, ...
const ENVIRONMENT_CALL: u32 = 8;
/// ... at an interrupt of the controller, ...
const EXTERNAL: u32 = 1 << 31 | 11;
/// ... and at an interrupt of the timer.
pub const TIMER: u32 = 1 << 31 | 7;
/// The values of the registers of a puppet that no system call uses.
const UNUSED: u32 = 0x0e55_0e00;

/// The registers with which a thread continues.
pub struct Thread {
    pub program_counter: usize,
    pub selector: u32,
    pub words: [u32; 4],
    pub stack_pointer: usize,
    pub saved: [u32; SAVED],
    pub floats: Option<[u32; 32]>,
}

/// The place at which all puppets make their system calls. It never runs.
#[unsafe(naked)]
unsafe extern "C" fn ecall() {
    naked_asm!("ecall", "unimp")
}

/// Returns the address of the instruction by which puppets make their system calls.
pub fn system_call() -> usize {
    ecall as *const () as usize
}

impl Registers {
    /// Returns the registers of the thread.
    pub fn thread(&self) -> Thread {
        Thread {
            program_counter: self.words[PROGRAM_COUNTER] as usize,
            selector: self.words[A4],
            words: core::array::from_fn(|index| self.words[A0 + index]),
            stack_pointer: self.words[SP] as usize,
            saved: PRESERVED.map(|register| self.words[register]),
            floats: None,
        }
    }
}

/// Sets up the state of an operation, as the CPU does, and enables the line of an interrupt. If the thread `stays`, it
/// continues where it was to continue before.
pub fn lay_down(registers: &mut Registers, operation: &Operation, stays: bool) {
    let words = &mut registers.words;
    if !stays {
        words[PROGRAM_COUNTER] = system_call() as u32;
    }
    for register in FREE.into_iter().chain([T0, T1]) {
        words[register] = UNUSED | register as u32;
    }
    words[SP] = operation.stack_pointer as u32;
    words[A4] = operation.selector;
    words[A0..A4].copy_from_slice(&operation.words);
    for (register, value) in PRESERVED.into_iter().zip(operation.saved) {
        words[register] = value;
    }
    registers.cause = ENVIRONMENT_CALL;
    if let Some(line) = operation.line {
        registers.cause = EXTERNAL;
        moment::enable(line);
        moment::set_claim(line);
    }
    // The kernel keeps these registers beside the bounds of the stack.
    for (place, register) in [(8, T0), (12, T1)] {
        store(arena().main_stack + place, registers.words[register]);
    }
}

impl Operation {
    /// Returns `true` if this operation is possible now. On this CPU every one is: a trap pushes nothing.
    pub fn is_possible(&self, _: &Moment) -> bool {
        true
    }

    /// Returns whether the kernel reports a fault instead of this operation, if the stack pointer is out of bounds,
    /// before it tries a fast path. On this CPU the slow path always does.
    pub fn faults_at_once(&self, _: bool) -> bool {
        false
    }
}
