// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port's code in threads. It runs without privileges, with the rights of the thread.

use crate::missing;

/// The start of every thread: makes the system call [`BEGIN`](crossgate_abi::number::BEGIN), and nothing else.
pub extern "C" fn begin() -> ! {
    missing("trap with the number of BEGIN; the core continues the thread at its entry")
}

/// The idle thread: makes system calls [`WORK`](crossgate_abi::number::WORK) as long as they succeed, then waits for an
/// interrupt, in a loop.
pub extern "C" fn idle() -> ! {
    missing("do the kernel's work in pieces, then wait for an interrupt")
}
