// SPDX-License-Identifier: MIT OR Apache-2.0
//! The notes by which the referee gets control.

use super::super::slots::START;
use super::registers::Registers;
use core::mem::offset_of;

/// The number of interrupt lines.
pub const LINES: usize = 32;
/// The number of exceptions and interrupt lines in the vector table.
pub const VECTORS: usize = 16 + LINES;

/// The notes.
#[repr(C, align(512))]
pub struct Notes {
    /// The vector table in force.
    pub vectors: [usize; VECTORS],
    /// The stack pointer of the referee while the kernel runs.
    pub waiting: usize,
    /// The kernel's handler of system calls, ...
    pub system_call: usize,
    /// ... and of interrupts.
    pub interrupt: usize,
    /// The target of the next interrupt: its handler, or the code past its fast path.
    pub interrupt_path: usize,
    /// The registers at the start of the slow path.
    pub at_slow: Registers,
    /// The stack of the code that looks at the start of a slow path.
    slow_stack: [u64; 512],
}

/// Addresses for assembly.
pub const WAITING: usize = START + offset_of!(Notes, waiting);
pub const AT_SLOW: usize = START + offset_of!(Notes, at_slow);
pub const INTERRUPT: usize = START + offset_of!(Notes, interrupt);
pub const INTERRUPT_PATH: usize = START + offset_of!(Notes, interrupt_path);
pub const SLOW_STACK: usize = START + offset_of!(Notes, slow_stack) + size_of::<[u64; 512]>();
