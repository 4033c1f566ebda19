// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of a process: its initial values.

use crate::missing;
use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;

/// The number of bytes that are reset at a time, while interrupts wait.
pub const PIECE: Word = 256;

/// Resets up to [`PIECE`] bytes of the memory, from the offset `from` on: copies initial values from `image` up to
/// `data_end`, and fills the rest up to `kept_start` with 0. Returns the offset of the next piece, if there is one.
pub fn reset(_memory: &ProcessMemory, _from: Word) -> Option<Word> {
    missing("copy initial values, then zeroes; touch nothing from `kept_start` on")
}
