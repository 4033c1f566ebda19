// SPDX-License-Identifier: MIT OR Apache-2.0
//! The results of a system call.

use crossgate_abi::Word;

/// The results of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 0 for success.
    pub status: Word,
    /// The results.
    pub words: [Word; 2],
}
