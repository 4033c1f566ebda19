// SPDX-License-Identifier: MIT OR Apache-2.0
//! The subject of [`OPTIONAL`](crate::number::OPTIONAL) by which a server asks about its clients, if the server's
//! process has `lost_clients` in the wiring. A process begins a new *life* at its start and at each restart.

use crate::Word;
use crate::list::constants;

constants! {
    /// The only subject, with its name and its documentation.
    pub const SUBJECTS: [Word];

    /// Returns the number of the present life of a process, counted from 1.
    CLIENT = 0x100;
}

/// The value that [`CALLER`](crate::number::CALLER) returns in place of the number of a life that has ended.
pub const ENDED: Word = Word::MAX;
