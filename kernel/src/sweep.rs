// SPDX-License-Identifier: MIT OR Apache-2.0
//! The work that was put off is done, piece by piece.
//!
//! With a [system call](crossgate_abi::number::WORK) the worker does a
//! piece of the work, with another the next, and interrupts come in between. First it looks for the most urgent
//! thread of the sets, then it does what is to be done for that one, with its priority, as the first that has it; and
//! so on. So others wait for no work but that for one as urgent as they, and invariant **swept** holds: no
//! thread runs before it is swept.
//!
//! A thread that needs a process which went down does pieces of it, too.

use crate::Kernel;
use crate::frame::{LOCKED, STALE};
use crate::lock::free_lock;
use crate::port::Port;
use crate::wait::Wait;
use crate::work::{FIRST, LOOKS, Work};
use crossgate_abi::{ProcessId, Set, ThreadId};

impl<P: Port> Kernel<P> {
    /// Does a piece of the work. Returns whether there was something to do.
    #[inline(never)]
    pub(crate) fn piece(&mut self) -> bool {
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
                self.wake(chosen);
                return true;
            }
        }
        let is_some = !(unswept | waking | lowering).is_empty();
        self.look();
        is_some
    }

    /// Looks at some threads, for the most urgent one. Those that are in no call, and not at home in a process that
    /// goes down, need not be swept. Then the worker is as urgent as that one; if
    /// more are left, it comes next.
    #[inline(always)]
    fn look(&mut self) {
        let (work, threads) = (&mut self.work, &self.threads);
        if work.unseen.is_empty() {
            (work.unseen, work.chosen, work.highest) = (work.threads(), ThreadId::IDLE, 0);
        }
        for _ in 0..LOOKS {
            let Some(id) = work.unseen.first() else { break };
            work.unseen.remove(id);
            let thread = threads.at(id);
            if !thread.is_concerned(work.dying) {
                work.unswept.remove(id);
            }
            // (None but the idle thread has the priority 0.)
            if thread.priority > work.highest && work.threads().contains(id) {
                (work.chosen, work.highest) = (id, thread.priority);
            }
        }
        let is_seen = work.unseen.is_empty();
        let priority = if is_seen { work.highest } else { FIRST };
        self.set_worker(priority);
    }

    /// A process has gone down, which concerns every thread.
    #[inline(always)]
    pub(crate) fn sweep_all_for(&mut self, process: ProcessId) {
        let unswept = self.all_threads();
        let work = &mut self.work;
        if work.unswept.is_empty() {
            work.dying = Set::EMPTY;
        }
        work.dying.insert(process);
        (work.unswept, work.lessees) = (unswept, Set::EMPTY);
        // The thread that it happens to is known. Who else is in it, the worker finds.
        self.sweep(self.threads.current_id());
        self.engage();
    }

    /// Takes a thread out of processes that went down: frees the objects of those that it is in, leads it past them
    /// when it comes back, and out of the one that it executes in. If it waits there, that comes first. If it waits
    /// further on, for whom nobody waits any more, its wait fails.
    #[inline(never)]
    pub(crate) fn sweep(&mut self, id: ThreadId) {
        let dying = self.work.dying;
        let goes_down = |process| dying.contains(process);
        let thread = self.threads.get_mut(id);
        let mut callee = thread.rights.process;
        let is_inside = goes_down(callee);
        if is_inside && !matches!(thread.wait, Wait::Nothing) {
            return self.interrupt_wait(id);
        }
        self.work.unswept.remove(id);
        if thread.rights.leases.count() != 0 {
            self.work.lessees.insert(id);
        }
        let has_waiters = !thread.waiters.is_empty();
        let (mut calls, mut orphaned) = (0, 0);
        for frame in thread.frames_in_use().iter_mut().rev() {
            if frame.care & LOCKED != 0 && goes_down(callee) {
                free_lock(self.services, self.locks, frame.service);
            }
            callee = frame.rights.process;
            if goes_down(callee) {
                frame.care |= STALE;
                orphaned = calls + 1;
            }
            calls += 1;
        }
        thread.orphaned = thread.orphaned.max(orphaned);
        let is_home = is_inside && !thread.unwind();
        if thread.waits_in_vain() {
            self.interrupt_wait(id);
        }
        // Others may have waited for the objects that it had there.
        if has_waiters {
            self.stir(id);
        }
        if is_home {
            self.come_home(id);
        }
    }
}
