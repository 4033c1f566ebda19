// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a trap to [`handler`](crate::handler). It will be assembly: nothing but the CPU has touched the registers yet.
//!
//! Before the first store: a thread chooses its stack pointer. Save registers there only if all of them lie in the
//! window that is open to the thread, which is what [`Port::bounds`](crossgate_kernel::port::Port::bounds) tells; if not,
//! it is a fault with the cause `Stack`. A port that skips this gives every process a write to all memory.

use crate::missing;

/// Saves the registers of the current thread, and calls the handler of the trap.
pub fn trap() {
    missing(
        "check the stack pointer against the bounds, save the registers, go to the kernel's stack, call the handler",
    )
}
