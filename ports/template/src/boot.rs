// SPDX-License-Identifier: MIT OR Apache-2.0
//! From reset to the first thread.

use crate::machine::Machine;
use crate::missing;
use crossgate_kernel::Kernel;
use crossgate_protection::Span;

/// Puts right what boot code has left, starts the kernel, and becomes the idle thread.
///
/// In this order, so that nothing is open before all is closed: mask and forget all interrupts; give traps their
/// priorities, so that none but faults preempts another; start the clock; check that the protection unit is there, with
/// as many regions as are needed, and close everything with it; start the core; run the idle thread without privileges.
pub fn boot(kernel: &mut Kernel<Machine>, flash: Span) -> ! {
    prepare();
    kernel.start(flash);
    crate::exit::load(kernel);
    unreachable!("the idle thread runs")
}

fn prepare() {
    missing("mask interrupts, set priorities, start the clock, switch the protection unit on")
}
