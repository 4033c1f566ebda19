//! Who sleeps until when.
//!
//! The kernel is tickless: threads with a deadline are in a list, the earliest first, and the port
//! is asked for an interrupt at the first deadline only. Putting a thread in its place takes at
//! most as many steps as there are threads.

use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, ThreadId, Wait};
use crate::{Effect, Kernel};
use crossgate_abi::Status;

/// The threads with a deadline.
///
/// Invariant **order**: along `next_timer`, deadlines never fall.
pub struct Timers {
    pub(crate) first: Option<ThreadId>,
}

impl Timers {
    pub(crate) const fn new() -> Timers {
        Timers { first: None }
    }
}

impl<P: Port> Kernel<P> {
    /// The current thread sleeps until `deadline` (µs since start).
    pub(crate) fn sleep_until(&mut self, deadline: u64) -> Outcome {
        let me = self.threads.current_id();
        if deadline <= self.port.now() {
            return Some(Status::OK);
        }
        self.ready.remove_first(self.threads.current());
        let thread = self.current();
        thread.wait = Wait::Time;
        thread.pending = Pending::status(Status::OK);
        self.start_timer(me, deadline);
        None
    }

    /// The port's timer has come to a deadline that the core set (or earlier: that is no harm).
    pub fn timer(&mut self) -> Effect {
        let now = self.port.now();
        while let Some(first) = self.timers.first {
            if self.threads.get(first).deadline > now {
                break;
            }
            self.stop_waiting_for_notifications(first);
            self.wake(first);
        }
        let next = self.timers.first.map(|first| self.threads.get(first).deadline);
        self.port.set_deadline(next);
        self.reschedule()
    }

    /// Gives a thread a deadline, after which it stops waiting.
    pub(crate) fn start_timer(&mut self, id: ThreadId, deadline: u64) {
        self.threads.get_mut(id).deadline = deadline;
        let mut before = None;
        let mut after = self.timers.first;
        while let Some(other) = after {
            if self.threads.get(other).deadline > deadline {
                break;
            }
            before = after;
            after = self.threads.get(other).next_timer;
        }
        let thread = self.threads.get_mut(id);
        thread.next_timer = after;
        thread.timed = true;
        match before {
            Some(before) => self.threads.get_mut(before).next_timer = Some(id),
            None => {
                self.timers.first = Some(id);
                self.port.set_deadline(Some(deadline));
            }
        }
    }

    /// Takes a thread's deadline away, if it has one.
    pub(crate) fn stop_timer(&mut self, id: ThreadId) {
        if self.threads.get(id).timed {
            self.remove_timer(id);
        }
    }

    #[inline(never)]
    pub(crate) fn remove_timer(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        thread.timed = false;
        let after = thread.next_timer.take();
        // An early interrupt is no harm, so the port keeps the deadline that it has.
        if self.timers.first == Some(id) {
            self.timers.first = after;
            return;
        }
        if let Some(before) =
            self.threads.ids().find(|&other| self.threads.get(other).next_timer == Some(id))
        {
            self.threads.get_mut(before).next_timer = after;
        }
    }

    /// Makes a waiting thread ready. What its system call brings back is pending already.
    #[inline(never)]
    pub(crate) fn wake(&mut self, id: ThreadId) {
        self.stop_timer(id);
        let thread = self.threads.get_mut(id);
        thread.wait = Wait::Nothing;
        thread.blocked_on = None;
        self.ready.push(thread);
    }
}
