// SPDX-License-Identifier: MIT OR Apache-2.0
//! Preemption points, at which long operations stop for pending interrupts.
//!
//! Interrupts have to wait while the core handles an event. So during a long operation the core checks for a pending
//! interrupt. As long as nothing has changed, the core can give up the operation: the thread makes its system call
//! again after the interrupt. (Where something has changed already, the rest is [deferred](crate::work). Only the end of
//! a job of a [pool](crate::pool) may stop after changes, because the repeated call does the rest.)
//!
//! Such an operation can't restart for ever. A line that has interrupted is masked until a thread of its driver
//! acknowledges it, and a thread that sleeps is woken once. Threads that are no more urgent than the current thread do
//! not run in between. So for these threads, each line and each sleeping thread can restart an operation at most once.
//! More urgent threads can cause more restarts, but they can take all CPU time anyway. The operation finishes once they
//! leave it the CPU for as long as it takes. If they have a [budget](crate::budget), they are less urgent when it is
//! used up.

use crate::Kernel;
use crate::port::Port;
use crate::wait::Pending;

impl<P: Port> Kernel<P> {
    /// Stops the current system call if an interrupt is pending: the current thread, whose stack pointer is saved, will
    /// make the call again. Returns whether it stops. The caller must not have changed anything yet that the repeated call
    /// does not expect.
    // Not inlined, because there are several uses.
    #[inline(never)]
    pub(crate) fn gives_way(&mut self) -> bool {
        let is_pending = self.port.interrupt_is_pending();
        if is_pending {
            self.threads.current().pending = Pending::Retry;
        }
        is_pending
    }
}
