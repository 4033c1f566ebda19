// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the spans of handlers in what a Cortex-M executes.
//!
//! A span is what is executed from the entry of an exception to its return, on behalf of one exception: the
//! kernel's handlers have one priority, so this long other interrupts have to wait. The [`Tracker`] is told
//! every instruction, by a plugin of the emulator, and knows a handler by its address in the vector table.
//! It follows calls and returns: the end is a return, or another jump to a register, by the function that
//! was entered by the CPU.

#![forbid(unsafe_code)]

mod function;
mod instruction;
mod span;
mod tracker;

pub use function::{Function, Functions, Role};
pub use instruction::{Flow, Instruction};
pub use span::{Longest, Run, Span};
pub use tracker::Tracker;
