// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the spans of handlers in the execution of a Cortex-M.
//!
//! A span is the execution from the entry of an exception to its return, on behalf of one exception: the kernel's
//! handlers have one priority, so other interrupts have to wait for so long. The [`Tracker`] gets every instruction,
//! from a plugin of the emulator, and recognizes a handler by its address in the vector table. It follows calls and
//! returns: the end is a return, or another jump to a register, by the function that was entered by the CPU.
//!
//! A handler can look whether an interrupt is pending, and stop early if so. Then no interrupt waits from before a look
//! that finds none, so a span ends there and another begins. An interrupt that arrives right after one look is found by
//! the next: it waits for as long as a span and what follows the look at its end, [if it has found one](Look::left).

#![forbid(unsafe_code)]

mod function;
mod instruction;
mod span;
mod tracker;

pub use function::{Function, Functions, Role};
pub use instruction::{Flow, Instruction};
pub use span::{Longest, Look, Run, Span};
pub use tracker::Tracker;
