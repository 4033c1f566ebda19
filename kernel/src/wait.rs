//! What a thread waits for, and what it gets then.

use crossgate_abi::{Status, Word};

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C, u8)]
// A port's assembly knows it.
pub enum Wait {
    /// Nothing: it is ready to run.
    Nothing,
    /// A time.
    Time,
    /// Any of a set of notifications of the process that it is in (and perhaps a time).
    Notifications(u32),
    /// The lock of an object.
    Lock(u8),
    /// The mutex at this address.
    Mutex(Word),
    /// Memory of its process that was lent to another.
    Memory,
    /// Nothing will wake it: it has ended.
    Ended,
}

/// What is left to do when a thread that waited runs next.
// A port's assembly settles it, so its layout is fixed (see `thread::offset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(u8)]
pub enum Pending {
    /// Nothing.
    #[default]
    Nothing = 0,
    /// Its system call ends.
    Reply {
        /// How: a [`Status`] as a byte.
        status: u8,
        /// Its result.
        word: Word,
    } = 1,
    /// Its system call is made again: what it waited for may have come.
    Retry = 2,
}

impl Pending {
    /// The end of a system call without a result.
    pub const fn status(status: Status) -> Pending {
        Pending::Reply { status: status.0 as u8, word: 0 }
    }

    /// The end of a system call that has a result.
    pub const fn word(word: Word) -> Pending {
        Pending::Reply { status: Status::OK.0 as u8, word }
    }
}
