// SPDX-License-Identifier: MIT OR Apache-2.0
//! The subjects of [`OPTIONAL`](crate::number::OPTIONAL) by which a process controls the threads of its pools.

use crate::Word;
use crate::list::constants;

constants! {
    /// All subjects, with their names and their documentation.
    pub const SUBJECTS: [Word];

    /// Parks the calling thread until it is started, but only if the word at the address in the second argument has the
    /// value of the third argument. Otherwise the thread continues. The word has to be in the memory of the thread's
    /// process. Mutexes that the calling thread still holds stay taken, and threads that wait for them get an error.
    PARK = 0x200;

    /// Starts the thread whose index is the second argument, if it is parked.
    START = 0x201;

    /// Restarts the thread whose index is the second argument, whatever it is doing. A thread in a call returns from
    /// the call first, and its waits in the call fail.
    END = 0x202;
}
