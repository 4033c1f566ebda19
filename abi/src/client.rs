// SPDX-License-Identifier: MIT OR Apache-2.0
//! The questions that a process which is told of lost clients can [ask](crate::number::OPTIONAL).

use crate::Word;
use crate::list::constants;

constants! {
    /// The only one, with its name, and what it is.
    pub const SUBJECTS: [Word];

    /// Of a process: the number of its life, from 1 on.
    CLIENT = 0x100;
}

/// Instead of the number of a life in which a process [called](crate::number::CALLER): it has ended.
pub const ENDED: Word = Word::MAX;
