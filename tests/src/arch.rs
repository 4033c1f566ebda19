// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of a test that depend on the CPU and the port, one file for each architecture.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "arm")]
pub use arm::*;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(target_arch = "riscv32")]
pub use riscv::*;

use crossgate_abi::{ARGUMENT_WORDS, Status, Word};

/// Makes a system call at another stack pointer, without arguments. Returns the status, and the stack pointer afterwards.
#[must_use]
pub fn trap_at(stack_pointer: usize, selector: Word) -> (Status, usize) {
    trap_at_with(stack_pointer, selector, [0; ARGUMENT_WORDS])
}
