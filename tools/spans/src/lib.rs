// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the spans of handlers in the execution of a Cortex-M or a RISC-V core.
//!
//! A span is the execution from the entry of an exception to its return. All handlers of the kernel have the same
//! priority, so other interrupts have to wait for this time. The [`Tracker`] gets every instruction, from a plugin of
//! the emulator, and recognizes a handler by its address, to which a vector leads. It follows calls and returns. On a
//! Cortex-M, the span ends when the function that the CPU has entered returns, or jumps to the address in a register.
//! On RISC-V, an instruction of its own, `mret`, ends it.
//!
//! A handler can check if an interrupt is pending (a *look*), and stop early. If a look finds no interrupt, no
//! interrupt has been waiting before, so a span ends there and another span begins. An interrupt that arrives directly
//! after a look is found by the next look. So it waits for one whole span, and for the instructions after a look [that
//! has found an interrupt](Look::left).
//!
//! Before a handler ends, it can also serve the next interrupt itself, instead of a return to the interrupted thread
//! and another entry. A span ends there, too, and another span begins.

#![forbid(unsafe_code)]

mod function;
mod instruction;
pub mod riscv;
mod span;
mod thumb;
mod tracker;

pub use function::{Function, Functions, Role};
pub use instruction::{Flow, Instruction, InstructionSet, Registers};
pub use span::{Longest, Look, Run, Span};
pub use tracker::Tracker;
