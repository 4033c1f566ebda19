// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cause of a fault, from the CPU's status registers.

use crate::missing;
use crossgate_abi::{Cause, Word};

/// A fault, from the registers of the CPU.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The cause.
    pub cause: Cause,
    /// The address of the instruction that faulted.
    pub instruction: Word,
    /// The address of the refused access, or 0.
    pub address: Word,
}

/// Reads and clears the status of the fault. A stack overflow has to be distinguished from other accesses: by an
/// address just below the stack, or by a register of the CPU.
pub fn read() -> Report {
    missing("derive the cause from the fault status")
}
