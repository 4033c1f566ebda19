//! What a process that is told of lost clients can [ask](crate::number::OPTIONAL).

use crate::Word;

/// Of a process, or of [`NOBODY`](crate::NOBODY), who is the one that made the call that the thread is in: its index,
/// and the number of its life, from 1 on. There is no record if the life in which it called has ended.
pub const CLIENT: Word = 0x100;
