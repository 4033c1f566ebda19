// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work that is put off, to be done in pieces.
//!
//! Some events concern all threads: a process goes down; what many wait for is free. They are told in a set of
//! threads. Then the idle thread becomes a *worker* that does [pieces](crate::sweep) of the work, as urgent as the
//! thread that they are for.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{PRIORITIES, ProcessId, Set, ThreadId};

/// The number of threads that are looked at in one piece.
pub(crate) const LOOKS: usize = if cfg!(test) { 2 } else { 4 };

/// The priority of the worker until it knows better.
pub(crate) const FIRST: u8 = PRIORITIES as u8 - 1;

/// The work to do.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(crate) struct Work {
    /// Processes that have gone down: all threads are swept for them at once.
    pub dying: Set<ProcessId>,
    /// Threads that are not swept: that may be in one of those, or come back there.
    pub unswept: Set<ThreadId>,
    /// Threads that wait for something that has become free.
    pub waking: Set<ThreadId>,
    /// Threads that may be more urgent than those who wait for them.
    pub lowering: Set<ThreadId>,
    /// Threads that had memory lent to them when they were swept.
    pub lessees: Set<ThreadId>,
    /// Threads of these sets that are still to be looked at, to choose the most urgent.
    pub unseen: Set<ThreadId>,
    /// The most urgent so far, which the next pieces are for; the idle thread if there is none.
    pub chosen: ThreadId,
    /// Its priority.
    pub highest: u8,
}

impl Work {
    pub const NONE: Work = Work {
        dying: Set::EMPTY,
        unswept: Set::EMPTY,
        waking: Set::EMPTY,
        lowering: Set::EMPTY,
        lessees: Set::EMPTY,
        unseen: Set::EMPTY,
        chosen: ThreadId::IDLE,
        highest: 0,
    };

    /// The threads that something is to be done for.
    #[inline(always)]
    pub fn threads(&self) -> Set<ThreadId> {
        self.unswept | self.waking | self.lowering
    }

    /// Without what is not looked at any more, if every process runs.
    #[cfg(test)]
    pub fn relevant(self, all_run: bool) -> Work {
        let is_idle = self.unseen.is_empty() && !self.threads().contains(self.chosen);
        Work {
            dying: if self.unswept.is_empty() { Set::EMPTY } else { self.dying },
            lessees: if all_run { Set::EMPTY } else { self.lessees },
            chosen: if is_idle { ThreadId::IDLE } else { self.chosen },
            highest: if is_idle { 0 } else { self.highest },
            ..self
        }
    }
}

impl<P: Port> Kernel<P> {
    /// If there is something to do, it may be for a thread that is more urgent than the worker: it looks again, first
    /// of all.
    #[inline(never)]
    pub(crate) fn engage(&mut self) {
        if !self.work.threads().is_empty() {
            (self.work.unseen, self.work.chosen) = (Set::EMPTY, ThreadId::IDLE);
            self.set_worker(FIRST);
        }
    }

    /// The worker is as urgent as this, and the first that is.
    #[inline(never)]
    pub(crate) fn set_worker(&mut self, priority: u8) {
        let idle = self.threads.get_mut(ThreadId::IDLE);
        if idle.priority == priority {
            return;
        }
        if idle.priority == 0
            && let Some(wiring) = self.system.threads.first()
        {
            // It may be about to wait for an interrupt.
            idle.stack_pointer = P::first_context(wiring.entry, idle.stack.end);
        }
        self.ready.remove(idle);
        idle.priority = priority;
        self.ready.push_first(idle);
    }
}
