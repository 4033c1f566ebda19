//! The calling thread.

use crate::arch::system_call;
use crossgate_abi::number;

/// Lets the other ready threads of the same priority run.
#[inline]
pub fn yield_now() {
    system_call(number::YIELD, []);
}

/// The index of the calling thread in the wiring; 0 is the idle thread.
#[inline]
#[must_use]
pub fn id() -> usize {
    system_call(number::THREAD_ID, []).words[0]
}

/// Ends the calling thread. Inside a method that another process called, this is a fault.
pub fn exit() -> ! {
    loop {
        system_call(number::EXIT, []);
    }
}
