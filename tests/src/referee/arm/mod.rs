// SPDX-License-Identifier: MIT OR Apache-2.0
//! The referee's part for a Cortex-M.
//!
//! The referee sets up the state that the CPU would have in an exception: a frame on the process stack, and registers.
//! Then it jumps to the address in the firmware's vector table. When the kernel returns to the thread, an exception
//! that was made pending before (PendSV) gives the CPU back to the referee before the thread executes an instruction.
//!
//! Only the first instruction of each slow path is replaced by a branch to code that looks at the state at this moment.
//!
//! The referee compares an interrupt in the same way. The CPU takes the interrupt after the referee has pended it and
//! returns from its own exception, so the active exception has the right number. On the slow path, the referee saves
//! the registers.

pub mod board;
pub mod dead;
mod look;
pub mod moment;
pub mod notes;
mod patch;
mod processor;
pub mod registers;
pub mod run;
pub mod thread;
pub mod words;
