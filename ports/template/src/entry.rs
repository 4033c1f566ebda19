// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from a trap to [`handler`](crate::handler). It has to be assembly, because all registers still belong to
//! the thread.
//!
//! A thread can set its stack pointer to any value, so check the stack pointer before the first store. Save registers
//! on the thread's stack only if all of them lie within the bounds that
//! [`Port::bounds`](crossgate_kernel::port::Port::bounds) returns, in memory that is open to the thread. Otherwise
//! report a fault with the cause `Stack`. A port without this check lets every process write to all memory.

use crate::missing;

/// Saves the registers of the current thread, and calls the handler of the trap.
pub fn trap() {
    missing(
        "check the stack pointer against the bounds, save the registers, switch to the kernel's stack, call the handler",
    )
}
