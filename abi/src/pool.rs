//! What a process [does](crate::number::OPTIONAL) with the threads of its pools.

use crate::Word;

/// The thread waits until it is started, if the word of its process at the address that is the next argument is the one
/// after that. If not, it goes on. Mutexes that it still has stay taken, and who waits for them gets an error.
pub const PARK: Word = 0x200;
/// The thread of the index that is the next argument goes on, if it is parked.
pub const START: Word = 0x201;
/// The thread of that index begins anew, whatever it does. If it is in a call, it comes back first: what it waits for there
/// fails.
pub const END: Word = 0x202;
