// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work that is deferred, to be done in pieces.
//!
//! Some events concern many threads: a process is taken down, or something that many threads wait for becomes free. The
//! kernel notes the threads in a set. Then the idle thread becomes a *worker*, which does the work in
//! [pieces](crate::sweep). The worker has the priority of the thread for which it does a piece.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{PRIORITIES, ProcessId, Set, ThreadId};

/// The greatest number of threads that one piece looks at.
pub(crate) const LOOKS: usize = if cfg!(test) { 2 } else { 4 };

/// The priority of the worker until it has found the most urgent thread.
pub(crate) const FIRST: u8 = PRIORITIES as u8 - 1;

/// A bit of [`Work::unchecked`]: servers still have to be notified that a [life](crate::life) of a client has ended.
pub(crate) const TELL: u8 = 1 << 7;

/// The work to do.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(crate) struct Work {
    /// Processes that have crashed, and are not yet taken down.
    pub crashed: Set<ProcessId>,
    /// Processes that were taken down: one sweep of all threads serves all of these processes.
    pub dying: Set<ProcessId>,
    /// Threads that are not swept yet: they may be in a process that was taken down, or return to one.
    pub unswept: Set<ThreadId>,
    /// Threads that wait for something that has become free.
    pub waking: Set<ThreadId>,
    /// Threads that may still have an inherited priority, although no thread that waits for them has it any more.
    pub lowering: Set<ThreadId>,
    /// Threads that held leases when they were swept.
    pub lessees: Set<ThreadId>,
    /// True if the notification of the supervisor still has to be signalled, because a fault was recorded.
    pub untold: bool,
    /// The work that [optional parts](crate::optional) have left, which comes before all other work; 0 if there is
    /// none. Bit 7 is [`TELL`]. The other bits say what is left of a crash dump: 0 is nothing, `inspect::REGISTERS`
    /// everything, and `inspect::HEAD` all but the registers. Any other value is the index of the first unchecked word:
    /// the first that is not in the checksum yet.
    // (All of this is in one byte, because the kernel's memory has none to spare.)
    pub unchecked: u8,
    /// Threads of `unswept`, `waking` and `lowering` at which the search for the most urgent thread has not looked yet.
    pub unseen: Set<ThreadId>,
    /// The most urgent thread that the search has found so far; the idle thread if it has found none. After the search,
    /// the next pieces are for this thread.
    pub chosen: ThreadId,
    /// The priority of that thread.
    pub highest: u8,
}

impl Work {
    pub const NONE: Work = Work {
        crashed: Set::EMPTY,
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

    /// Returns whether a crash dump is wanted and not complete yet.
    #[inline(always)]
    pub fn has_dump(&self) -> bool {
        self.unchecked & !TELL != 0
    }

    /// Returns the work with a fixed value in each field that means nothing at present. `all_run` says that every
    /// process runs.
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
    /// If there is work, restarts the worker's search at the highest priority, because the new work may be for a more
    /// urgent thread than the one that the worker has chosen.
    #[inline]
    pub(crate) fn engage(&mut self) {
        let work = &self.work;
        if work.untold || !work.crashed.is_empty() || !work.threads().is_empty() {
            (self.work.unseen, self.work.chosen) = (Set::EMPTY, ThreadId::IDLE);
            self.set_worker(FIRST);
        }
    }

    /// Gives the worker this priority, and puts it ahead of all other threads of this priority.
    #[inline]
    pub(crate) fn set_worker(&mut self, priority: u8) {
        let idle = self.threads.get_mut(ThreadId::IDLE);
        if idle.priority == priority {
            return;
        }
        if idle.priority == 0
            && let Some(wiring) = self.system.threads.first()
        {
            // The idle thread may be about to wait for an interrupt, so it starts again at its entry.
            idle.stack_pointer = P::first_context(wiring.entry, idle.stack.end);
        }
        // (The idle thread is always the first of its level.)
        self.ready.remove_first(idle);
        idle.priority = priority;
        self.ready.push_first(idle);
    }
}
