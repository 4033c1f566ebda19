// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from a trap to [`handler`](crate::handler). It has to be assembly, because all registers still belong to
//! the thread.
//!
//! Check before the first store, because a thread chooses its stack pointer: save registers there only if all of them
//! lie in the window that is open to the thread, which [`Port::bounds`](crossgate_kernel::port::Port::bounds) returns;
//! if not, it is a fault with the cause `Stack`. A port without this check lets every process write to all memory.

use crate::missing;

/// Saves the registers of the current thread, and calls the handler of the trap.
pub fn trap() {
    missing(
        "check the stack pointer against the bounds, save the registers, go to the kernel's stack, call the handler",
    )
}
