// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calling thread.

use crate::arch::system_call;
use crossgate_abi::{number, pool};

/// Lets the other ready threads of the same priority run.
#[inline]
pub fn yield_now() {
    system_call(number::YIELD, []);
}

/// Returns the index of the calling thread in the wiring; 0 is the idle thread.
#[inline]
#[must_use]
pub fn id() -> usize {
    system_call(number::THREAD_ID, []).words[0]
}

/// Ends the calling thread. Inside a method that another process called, this is a fault.
///
/// In a thread of a [pool](crate::pool), only the job [ends](crate::pool::Ended).
pub fn exit() -> ! {
    system_call(number::OPTIONAL, [pool::END, id(), 0]);
    loop {
        system_call(number::EXIT, []);
    }
}
