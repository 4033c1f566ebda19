// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations of a process on the threads of its pools, by [`OPTIONAL`](crate::number::OPTIONAL).

use crate::Word;
use crate::list::constants;

constants! {
    /// All of them, with their names, and what they are.
    pub const SUBJECTS: [Word];

    /// The thread waits until it is started, if the word of its process at the address that is the next argument is
    /// the one after that. If not, it goes on. Mutexes that it still has stay taken, and those that wait for them get
    /// an error.
    PARK = 0x200;

    /// The thread of the index that is the next argument goes on, if it is parked.
    START = 0x201;

    /// The thread of that index restarts, whatever it does. If it is in a call, it comes back first: what it waits
    /// for there fails.
    END = 0x202;
}
