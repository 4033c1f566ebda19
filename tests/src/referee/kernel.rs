// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel, for reading.

use board::port::kernel::Kernel;
use board::port::machine::{__crossgate_kernel, Machine};

/// Returns the kernel, for reading.
pub fn kernel() -> &'static Kernel<Machine> {
    let kernel = &raw const __crossgate_kernel;
    // SAFETY: this code runs with the kernel's rights, and no handler of the kernel runs meanwhile.
    unsafe { &*kernel }
}

/// Returns the current thread, the process in which it executes, and the number of calls that it is in.
pub fn who() -> [usize; 3] {
    let thread = kernel().current_thread();
    [kernel().thread_id(), thread.rights().process.index(), thread.depth().into()]
}
