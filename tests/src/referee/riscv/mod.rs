// SPDX-License-Identifier: MIT OR Apache-2.0
//! The referee's part for RISC-V.
//!
//! The referee runs in machine mode. It sets all registers as a trap of a thread would leave them, and jumps to the
//! kernel's handler of traps. Threads can't execute flash, because the referee has closed it. So when the kernel
//! returns to the thread, the thread faults before its first instruction, and this trap gives the CPU back to the
//! referee.
//!
//! The first instruction of each slow path is replaced by a breakpoint. The referee looks at the state then, and
//! continues after that instruction. One further instruction is replaced: the kernel's `wfi`, by one that does nothing,
//! because no interrupt ever wakes the CPU.
//!
//! The timer and the interrupt controller are memory of the referee. So time passes only when the referee lets it pass,
//! and an interrupt comes if the referee says so in the cause of the trap.

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
