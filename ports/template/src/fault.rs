// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the CPU refused.

use crate::missing;
use crossgate_abi::{Cause, Word};

/// What the registers of the CPU say of a fault.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Why.
    pub cause: Cause,
    /// The instruction that was refused.
    pub instruction: Word,
    /// The address that it wanted, or 0.
    pub address: Word,
}

/// Reads and clears the status of the fault. A stack overflow is to be told apart from other accesses: by an address just
/// below the stack, or by a register of the CPU.
pub fn read() -> Report {
    missing("make a cause of the fault status")
}
