// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work that is deferred, to be done in pieces.
//!
//! Some events concern all threads: a process is taken down; something that many threads wait for becomes free. The
//! kernel notes the event in a set of threads. Then the idle thread becomes a *worker* that does [pieces](crate::sweep)
//! of the work, with the priority of the thread that the piece is for.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{PRIORITIES, ProcessId, Set, ThreadId};

/// The number of threads that one piece looks at.
pub(crate) const LOOKS: usize = if cfg!(test) { 2 } else { 4 };

/// The priority of the worker until it has found the most urgent thread.
pub(crate) const FIRST: u8 = PRIORITIES as u8 - 1;

/// A bit of [`Work::unchecked`]: servers still have to be told that a life of a client has ended.
pub(crate) const TELL: u8 = 1 << 7;

/// The work to do.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(crate) struct Work {
    /// Processes that were taken down: one sweep of all threads serves all of these processes.
    pub dying: Set<ProcessId>,
    /// Threads that are not swept yet: they may be in one of those processes, or return there.
    pub unswept: Set<ThreadId>,
    /// Threads that wait for something that has become free.
    pub waking: Set<ThreadId>,
    /// Threads that may still have an inherited priority that none of their waiters has any more.
    pub lowering: Set<ThreadId>,
    /// Threads that held leases when they were swept.
    pub lessees: Set<ThreadId>,
    /// True if the notification of the supervisor still has to be signalled, because a fault was recorded.
    pub untold: bool,
    /// The work of optional parts: the first word of the crash dump that is not part of its checksum yet, 0 if there is
    /// no such word; and [`TELL`].
    // (In one byte, because the kernel's memory has none to spare.)
    pub unchecked: u8,
    /// Threads of these sets that still have to be looked at, to choose the most urgent.
    pub unseen: Set<ThreadId>,
    /// The most urgent thread so far, which the next pieces are for; the idle thread if there is none.
    pub chosen: ThreadId,
    /// The priority of that thread.
    pub highest: u8,
}

impl Work {
    pub const NONE: Work = Work {
        dying: Set::EMPTY,
        unswept: Set::EMPTY,
        waking: Set::EMPTY,
        lowering: Set::EMPTY,
        lessees: Set::EMPTY,
        untold: false,
        unchecked: 0,
        unseen: Set::EMPTY,
        chosen: ThreadId::IDLE,
        highest: 0,
    };

    /// Returns the threads that need work.
    #[inline(always)]
    pub fn threads(&self) -> Set<ThreadId> {
        self.unswept | self.waking | self.lowering
    }

    /// Returns whether the crash dump is not complete.
    #[inline(always)]
    pub fn has_dump(&self) -> bool {
        self.unchecked & !TELL != 0
    }

    /// Returns the work with a fixed value in each field that means nothing at present. `all_run`: every process runs.
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
    /// If threads need work or the supervisor has to be notified, restarts the search, at the highest priority: the new
    /// work may be for a thread more urgent than the worker.
    #[inline]
    pub(crate) fn engage(&mut self) {
        if self.work.untold || !self.work.threads().is_empty() {
            (self.work.unseen, self.work.chosen) = (Set::EMPTY, ThreadId::IDLE);
            self.set_worker(FIRST);
        }
    }

    /// Gives the worker this priority, ahead of the other threads that have it.
    #[inline]
    pub(crate) fn set_worker(&mut self, priority: u8) {
        let idle = self.threads.get_mut(ThreadId::IDLE);
        if idle.priority == priority {
            return;
        }
        if idle.priority == 0
            && let Some(wiring) = self.system.threads.first()
        {
            // The idle thread may be about to wait for an interrupt.
            idle.stack_pointer = P::first_context(wiring.entry, idle.stack.end);
        }
        // (It always is the first of its level.)
        self.ready.remove_first(idle);
        idle.priority = priority;
        self.ready.push_first(idle);
    }
}
