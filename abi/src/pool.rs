// SPDX-License-Identifier: MIT OR Apache-2.0
//! The subjects of [`OPTIONAL`](crate::number::OPTIONAL) by which a process controls the threads of its pools.

use crate::Word;
use crate::list::constants;

constants! {
    /// All subjects, with their names and their documentation.
    pub const SUBJECTS: [Word];

    /// Parks the calling thread until it is started. The next argument is the address of a word of its process, and the
    /// argument after that is the expected value: if the word has another value, the thread continues at once. Mutexes
    /// that it still holds stay taken, and threads that wait for them get an error.
    PARK = 0x200;

    /// Starts the thread whose index is the next argument, if it is parked.
    START = 0x201;

    /// Restarts the thread whose index is the next argument, whatever it is doing. If it is in a call, it returns
    /// first, and its waits in that call fail.
    END = 0x202;
}
