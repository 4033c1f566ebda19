// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt of the timer, at which threads wake.
//!
//! The handler checks each thread. There is no queue sorted by time, because there are few threads, and most waits end
//! before their timeout. A queue would be changed more often than used. After a few threads, or when another interrupt
//! is pending, the handler sets the timer to interrupt again at once, so that other interrupts can arrive in between.

use crate::Kernel;
use crate::port::Port;
use crate::time::NEVER;
use crate::work::LOOKS;
use crossgate_abi::ThreadId;

/// The bit of `Kernel::checked` that says that the deadlines of the thread have been checked, but not yet the end of
/// its wait. (There are too few threads for an index with this bit.)
pub(crate) const DEADLINES_CHECKED: u8 = 0x40;

impl<P: Port> Kernel<P> {
    /// Handles the interrupt of the port's timer, at the time that the core has set. (An earlier interrupt does no
    /// harm.)
    ///
    /// A context has to be loaded afterwards, even if the same thread continues: the thread may have been taken out of
    /// its call. Or it is the idle thread, which was about to wait for an interrupt, and now has work to do.
    #[inline]
    pub fn timer(&mut self) {
        let now = self.port.now();
        if self.checked == 0 {
            self.next_wake = NEVER;
        }
        // A round looks at the budgets first, and then at the threads.
        let mut looks = LOOKS;
        if let Some(budgets) = &self.budgets
            && !(budgets.check)(self, now)
        {
            looks = 0;
        }
        // A round that begins here starts at thread 1, because the idle thread has no deadline and does not wait.
        self.checked = self.checked.max(1);
        for _ in 0..looks {
            let id = ThreadId::new((self.checked & !DEADLINES_CHECKED).into());
            let thread = self.threads.at(id);
            if let Some(deadlines) = self.deadlines
                && self.checked & DEADLINES_CHECKED == 0
                && thread.has_deadlines()
            {
                self.checked |= DEADLINES_CHECKED;
                (deadlines.check)(self, id, now);
                break;
            }
            let wake_at = thread.wake_at;
            let is_due = wake_at <= now;
            if is_due {
                self.interrupt_wait(id);
            } else {
                self.look_again(wake_at);
            }
            // The round moves on in any case, so that a thread that is due again at each step can't hold up the others.
            self.checked = match id.index() + 1 {
                end if end >= self.system.threads.len() => 0,
                next => next as u8,
            };
            // Waking a thread takes long, so it ends this step. So does a pending interrupt, but only here, after one
            // thread: otherwise a line that is pending again and again could hold up the round for ever.
            if is_due || self.checked == 0 || self.port.interrupt_is_pending() {
                break;
            }
        }
        self.rearms = true;
    }
}
