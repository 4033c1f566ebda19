// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the kernel: from reset to the first thread.

use crate::machine::Machine;
use crate::missing;
use crossgate_kernel::Kernel;
use crossgate_protection::Span;

/// Resets everything that boot code has left, starts the kernel, and becomes the idle thread.
///
/// The order of the steps makes sure that everything is closed before anything is opened: mask and clear all
/// interrupts; set the priorities of traps, so that only faults preempt others; start the clock; check that the
/// protection unit exists and has enough regions, and close everything with it; start the core; run the idle thread
/// without privileges.
pub fn boot(kernel: &mut Kernel<Machine>, flash: Span) -> ! {
    prepare();
    kernel.start(flash);
    crate::exit::load(kernel);
    unreachable!("the idle thread runs")
}

fn prepare() {
    missing("mask interrupts, set priorities, start the clock, switch the protection unit on")
}
