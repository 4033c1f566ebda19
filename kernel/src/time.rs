//! Who sleeps until when.
//!
//! The kernel is tickless: the port is asked for an interrupt at the first deadline only. Then each
//! thread is looked at: there are few, and most that have a deadline are woken before it. With as many looks as
//! take a short time, the port is asked for another interrupt at once, and others come in between.

use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, ThreadId, Wait};
use crate::work::LOOKS;
use crate::{Effect, Kernel};
use crossgate_abi::Status;

/// Instead of a thread that is to be looked at: budgets are.
pub(crate) const BUDGETS: u8 = u8::MAX;

/// A deadline that does not come.
pub const NEVER: u64 = u64::MAX;

impl<P: Port> Kernel<P> {
    /// The current thread sleeps until `deadline` (µs since start).
    pub(crate) fn sleep_until(&mut self, deadline: u64) -> Outcome {
        if deadline <= self.port.now() {
            return Status::OK.into();
        }
        self.block(Wait::Time);
        self.time_out(deadline, Status::OK);
        Outcome::NONE
    }

    /// The time so many µs from now, in µs since start.
    #[inline(never)]
    pub(crate) fn after(&mut self, duration: u64) -> u64 {
        self.port.now().saturating_add(duration)
    }

    /// The current thread, which waits, stops waiting at `deadline`: then its system call ends like this.
    #[inline(never)]
    pub(crate) fn time_out(&mut self, deadline: u64, end: Status) {
        let thread = self.threads.current();
        thread.pending = Pending::status(end);
        thread.deadline = deadline;
        self.want_timer(deadline);
    }

    /// The port's timer has come to a deadline that the core set (or earlier: that is no harm).
    pub fn timer(&mut self) -> Effect {
        let now = self.port.now();
        if self.checked == 0 {
            self.next_deadline = NEVER;
        }
        // First those that count the time of threads, then the threads.
        let mut looks = LOOKS;
        if let Some(budgets) = &self.budgets
            && !(budgets.check)(self, now)
        {
            looks = 0;
        }
        // Of what takes long, one thing at a time.
        let mut is_done = false;
        for _ in 0..looks {
            let id = ThreadId::new(self.checked.into());
            let deadline = self.threads.get(id).deadline;
            if deadline > now {
                self.look_again(deadline);
            } else if is_done {
                break;
            } else {
                self.interrupt_wait(id);
                is_done = true;
            }
            self.checked = match id.index() + 1 {
                end if end >= self.system.threads.len() => 0,
                next => next as u8,
            };
            let took_long = self.limits.is_some_and(|limits| (limits.check)(self, id, now));
            if took_long || self.checked == 0 {
                break;
            }
        }
        self.port.set_deadline(if self.checked == 0 { self.next_deadline } else { now });
        match self.limits {
            None => self.reschedule(),
            // The thread that was interrupted may have been taken out of its call.
            Some(_) => self.reload(),
        }
    }

    /// The port's timer will be wanted at this time, if not before.
    #[inline(always)]
    pub(crate) fn look_again(&mut self, deadline: u64) {
        self.next_deadline = self.next_deadline.min(deadline);
    }

    /// Has the port's timer come at this time, if not before.
    pub(crate) fn want_timer(&mut self, deadline: u64) {
        if deadline < self.next_deadline {
            self.next_deadline = deadline;
            // While threads are left to be looked at, it comes anyway.
            if self.checked == 0 {
                self.port.set_deadline(deadline);
            }
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
        self.work.waking &= !id.bit();
    }
}
