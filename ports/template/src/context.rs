// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack.

use crate::missing;
use crossgate_abi::Word;

/// The size of the registers in bytes.
pub const SIZE: Word = 16 * size_of::<Word>();

/// Writes the registers of a thread that starts at `entry` with a stack that ends at `stack_end`. All other registers
/// are 0. Returns the stack pointer.
pub fn first(_entry: extern "C" fn() -> !, _stack_end: Word) -> Word {
    missing("write the first context at the end of the stack, in the layout that `exit` loads")
}
