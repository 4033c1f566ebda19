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
//! Four kinds of work come before all threads: the copy of a crash dump, the signals to servers that a
//! [life](crate::life) of a client has ended, to take down processes that have [crashed](crate::crash), and the signal
//! to the supervisor.
//!
//! A thread that needs a process that was taken down [does pieces](crate::restart) of the work, too.

use crate::Kernel;
use crate::frame::{LOCKED, STALE};
use crate::lock::free_lock;
use crate::port::Port;
use crate::wait::Wait;
use crate::work::{FIRST, LOOKS, Work};
use crossgate_abi::{ProcessId, Set, ThreadId};

impl<P: Port> Kernel<P> {
    /// Does a piece of the work. Returns whether there was any work.
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
                self.wake(chosen);
                return true;
            }
        }
        let is_some = !(unswept | waking | lowering).is_empty();
        self.look();
        is_some
    }

    /// Looks at some of the threads that need work, to find the most urgent one. The worker has the highest priority
    /// until it has looked at all of them, and then the priority of the thread that it found. A thread that is in no
    /// call, and whose process was not taken down, needs no sweep.
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
            // (Only the idle thread has the priority 0.)
            if thread.priority > work.highest && work.threads().contains(id) {
                (work.chosen, work.highest) = (id, thread.priority);
            }
        }
        let is_seen = work.unseen.is_empty();
        let priority = if is_seen { work.highest } else { FIRST };
        self.set_worker(priority);
    }

    /// Puts every thread among those to sweep, because `process` has been taken down.
    #[inline(always)]
    pub(crate) fn sweep_all_for(&mut self, process: ProcessId) {
        let unswept = self.all_threads();
        let work = &mut self.work;
        if work.unswept.is_empty() {
            work.dying = Set::EMPTY;
        }
        work.dying.insert(process);
        (work.unswept, work.lessees) = (unswept, Set::EMPTY);
        // The current thread is swept at once, because in most cases it is the thread that has crashed. But if the worker
        // first has to signal servers, the current thread is left to the worker, like all other threads.
        let id = self.threads.current_id();
        if self.work.unchecked == 0 && id != ThreadId::IDLE {
            self.lead_out(id);
        }
        self.engage();
    }

    /// Does a piece of the sweep of a thread. If the thread waits in a process that was taken down, the first piece
    /// ends this wait.
    #[inline(always)]
    fn sweep(&mut self, id: ThreadId) {
        let thread = self.threads.get(id);
        let is_inside = self.work.dying.contains(thread.rights.process);
        if is_inside && !matches!(thread.wait, Wait::Nothing) {
            self.interrupt_wait(id);
        } else {
            self.lead_out(id);
        }
    }

    /// Takes a thread out of the process in which it executes, if that process was taken down. The thread must not wait
    /// there. Each run of this function leaves one call. If the caller of that call is [gone](STALE), the run also
    /// leaves the call that the caller was in. If the thread is then in another process that was taken down, another
    /// run is needed.
    ///
    /// The last run also visits the calls further out. It frees the locks that these calls hold in processes that were
    /// taken down, and makes the returns skip these processes. If the thread waits in a call that one of these
    /// processes has made, directly or not, that wait fails.
    #[inline]
    pub(crate) fn lead_out(&mut self, id: ThreadId) {
        let dying = self.work.dying;
        let goes_down = |process| dying.contains(process);
        let thread = self.threads.at_mut(id);
        let mut callee = thread.rights.process;
        let mut is_home = false;
        if goes_down(callee) {
            is_home = true;
            thread.orphaned = 0;
            // The loop goes on past frames whose callers are gone.
            while let Some(frame) = thread.pop() {
                if frame.care & LOCKED != 0 && goes_down(callee) {
                    free_lock(self.services, self.locks, frame.service);
                }
                callee = frame.rights.process;
                if goes_down(callee) {
                    return;
                }
                if !frame.is_stale() {
                    thread.fail(&frame);
                    is_home = false;
                    break;
                }
            }
        }
        self.work.unswept.remove(id);
        if thread.rights.leases.count() != 0 {
            self.work.lessees.insert(id);
        }
        // Other threads may wait for an object or a mutex that this thread held. They will try again.
        if !thread.waiters.is_empty() {
            self.work.lowering.insert(id);
        }
        if thread.calls.are_some() {
            let (mut calls, mut orphaned) = (0, 0);
            for frame in thread.frames_in_use().iter_mut().rev() {
                if frame.care & LOCKED != 0 && goes_down(callee) {
                    free_lock(self.services, self.locks, frame.service);
                }
                callee = frame.rights.process;
                calls += 1;
                if goes_down(callee) {
                    frame.care |= STALE;
                    orphaned = calls;
                }
            }
            thread.orphaned = thread.orphaned.max(orphaned);
            if thread.waits_in_vain() {
                self.interrupt_wait(id);
            }
        } else if is_home {
            self.come_home(id);
        }
    }
}
