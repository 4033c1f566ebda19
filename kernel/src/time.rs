//! Who sleeps until when.
//!
//! The kernel is tickless: the port is asked for an interrupt at the first deadline only. Then each
//! thread is looked at: there are few, and most that have a deadline are woken before it.

use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, ThreadId, Wait};
use crate::{Effect, Kernel};
use crossgate_abi::Status;

/// A deadline that does not come.
pub const NEVER: u64 = u64::MAX;

impl<P: Port> Kernel<P> {
    /// The current thread sleeps until `deadline` (µs since start).
    pub(crate) fn sleep_until(&mut self, deadline: u64) -> Outcome {
        let me = self.threads.current_id();
        if deadline <= self.port.now() {
            return Some(Status::OK);
        }
        self.block(Wait::Time, None);
        self.threads.current().pending = Pending::status(Status::OK);
        self.start_timer(me, deadline);
        None
    }

    /// The port's timer has come to a deadline that the core set (or earlier: that is no harm).
    pub fn timer(&mut self) -> Effect {
        let now = self.port.now();
        self.next_deadline = NEVER;
        if let Some(budgets) = &self.budgets {
            (budgets.check)(self, now);
        }
        for id in self.threads.ids() {
            let deadline = self.threads.get(id).deadline;
            if deadline <= now {
                self.stop_waiting_for_notifications(id);
                self.wake(id);
            } else {
                self.next_deadline = self.next_deadline.min(deadline);
            }
            if let Some(limits) = self.limits {
                let limit = (limits.check)(self, id, now);
                self.next_deadline = self.next_deadline.min(limit);
            }
        }
        self.port.set_deadline(self.next_deadline);
        match self.limits {
            None => self.reschedule(),
            // The thread that was interrupted may have been taken out of its call.
            Some(_) => self.reload(),
        }
    }

    /// Gives a thread a deadline, after which it stops waiting.
    pub(crate) fn start_timer(&mut self, id: ThreadId, deadline: u64) {
        self.threads.get_mut(id).deadline = deadline;
        self.want_timer(deadline);
    }

    /// Has the port's timer come at this time, if not before.
    pub(crate) fn want_timer(&mut self, deadline: u64) {
        if deadline < self.next_deadline {
            self.next_deadline = deadline;
            self.port.set_deadline(deadline);
        }
    }

    /// Makes a waiting thread ready. What its system call brings back is pending already.
    #[inline(never)]
    pub(crate) fn wake(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        // The port keeps it: an early interrupt is no harm.
        thread.deadline = NEVER;
        thread.wait = Wait::Nothing;
        thread.blocked_on = None;
        self.ready.push(thread);
    }
}
