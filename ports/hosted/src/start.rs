// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code that runs in threads: the start of each thread, the entry of methods, and the idle thread.
//!
//! The code runs in the process of the thread, with only the rights of this process, and enters the kernel through the
//! gate, like user code.

use crate::gate::system_call;
use crossgate_abi::number::{self, hosted};
use crossgate_abi::table::Thunk;
use crossgate_abi::{Status, Word};

/// The start of every thread.
pub extern "C" fn begin() -> ! {
    loop {
        system_call(number::BEGIN, [0; 3]);
    }
}

/// The idle thread. It does the work that the kernel has deferred, and then waits for interrupts.
pub extern "C" fn idle() -> ! {
    loop {
        while system_call(number::WORK, [0; 3])[0] == Status::OK.0 {}
        system_call(hosted::IDLE, [0; 3]);
    }
}

/// The entry of a call: runs the method, and leaves.
pub extern "C-unwind" fn run(
    object: *mut (),
    first: Word,
    second: Word,
    third: Word,
    fourth: Word,
    entry: Thunk,
) -> ! {
    // SAFETY: the kernel passes the service's values from the tables, and words that it has checked against the shape
    // of the method.
    let reply = unsafe { entry(object, first, second, third, fourth) };
    loop {
        system_call(number::RETURN, [reply.status, reply.words[0], reply.words[1]]);
    }
}
