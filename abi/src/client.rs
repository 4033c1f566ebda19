//! What a process that is told of lost clients can [ask](crate::number::OPTIONAL).

use crate::Word;

/// Of a process: the number of its life, from 1 on.
pub const CLIENT: Word = 0x100;

/// Instead of the number of a life in which a process [called](crate::number::CALLER): it has ended.
pub const ENDED: Word = Word::MAX;
