// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code that runs in threads: the start of each thread, the entry of methods, and the idle thread.
//!
//! The code runs in the process of the thread, with only the rights of this process, and enters the kernel through the
//! gate, like user code.

use crossgate_abi::number::{self, hosted};
use crossgate_abi::table::Thunk;
use crossgate_abi::{Status, Word};

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
}

/// Makes a system call of the port's own code in user mode.
pub fn system_call(number: usize, words: [usize; 3]) -> [usize; 2] {
    let [first, second, third] = words;
    let (status, word);
    // SAFETY: the gate preserves the registers that a function preserves.
    unsafe {
        core::arch::asm!(
            "call {gate}",
            gate = sym __crossgate_gate,
            inlateout("rax") number::system_call(number) => status,
            in("rdi") first,
            in("rsi") second,
            inlateout("rdx") third => word,
            clobber_abi("C"),
        );
    }
    [status, word]
}

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
