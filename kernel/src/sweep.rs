// SPDX-License-Identifier: MIT OR Apache-2.0
//! The worker, which does the deferred work piece by piece.
//!
//! The [worker](crate::work) is the idle thread. It makes one [system call](crossgate_abi::number::WORK) for each piece
//! of the work, and interrupts can arrive between two pieces. The worker looks for the most urgent thread that needs
//! work. It does the work for that thread, at that thread's priority and ahead of all other threads of this priority.
//! Then it looks for the next thread. So no thread waits for work on behalf of a less urgent one.
//!
//! Most of the work is to *sweep* threads, after a process was taken down: a sweep takes the thread out of that
//! process, and makes the thread's later returns skip the process. No thread runs before it is swept (invariant
//! **swept**).
//!
//! Four kinds of work come before all threads, in this order: to write a crash dump; to signal servers that a
//! [life](crate::life) of a client has ended; to [take down](crate::down) processes that have crashed; and to signal
//! the supervisor.
//!
//! A thread that needs a process that was taken down [does pieces](crate::restart) of the work, too.

use crate::Kernel;
use crate::port::Port;
use crate::wait::{Pending, Wait};
use crate::work::{FIRST, LOOKS, Work};
use crossgate_abi::ThreadId;

impl<P: Port> Kernel<P> {
    /// Does a piece of the work. Returns whether there was any work.
    // (It is marked as cold because otherwise all system calls would save more registers.)
    #[cold]
    #[inline]
    pub(crate) fn piece(&mut self) -> bool {
        // The dump comes first, because the sweep of the crashed thread changes that thread's stack.
        if self.work.unchecked != 0
            && let Some(optional) = &self.optional
        {
            (optional.piece)(self);
            return true;
        }
        if let Some(process) = self.work.crashed.take_first() {
            self.take_down(process, None);
            return true;
        }
        if core::mem::take(&mut self.work.untold)
            && let Some(supervisor) = &self.system.supervisor
        {
            self.signal(supervisor.notification.index());
            return true;
        }
        let Work { unswept, waking, lowering, unseen, chosen, .. } = self.work;
        if unseen.is_empty() {
            if lowering.contains(chosen) {
                self.stir(chosen);
                return true;
            }
            if unswept.contains(chosen) {
                self.sweep(chosen);
                return true;
            }
            if waking.contains(chosen) {
                self.wake_to_retry(chosen);
                return true;
            }
        }
        self.look()
    }

    /// Looks at some of the threads that need work, to find the most urgent one. The worker has the highest priority
    /// until it has looked at all of them, and then the priority of the thread that it found. A thread that is in no
    /// call, and whose process was not taken down, needs no sweep. Returns whether there was a thread to look at.
    #[inline(always)]
    fn look(&mut self) -> bool {
        let (work, threads) = (&mut self.work, &self.threads);
        if work.unseen.is_empty() {
            (work.unseen, work.chosen, work.highest) = (work.threads(), ThreadId::IDLE, 0);
        }
        let is_some = !work.unseen.is_empty();
        for _ in 0..LOOKS {
            let Some(id) = work.unseen.first() else { break };
            work.unseen.remove(id);
            let thread = threads.at(id);
            if !thread.is_concerned(work.dying) {
                work.unswept.remove(id);
            }
            // (Only the idle thread has the priority 0.)
            if thread.priority > work.highest && work.threads().contains(id) {
                (work.chosen, work.highest) = (id, thread.priority);
            }
        }
        let is_seen = work.unseen.is_empty();
        let priority = if is_seen { work.highest } else { FIRST };
        self.set_worker(priority);
        is_some
    }

    /// Wakes a thread, so that it tries again to get what it waits for.
    #[inline(always)]
    fn wake_to_retry(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(id);
        if let Wait::Notifications(_) = thread.wait {
            thread.pending = Pending::Retry;
            self.interrupt_wait(id);
        } else {
            self.wake(id);
        }
    }
}
