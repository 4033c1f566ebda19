// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a process is taken down.
//!
//! The threads that are in the process, or would return to it, are [swept](crate::sweep) piece by piece, each thread
//! before it runs again. If the supervisor crashes too often, the system is reset, because no other process may restart
//! or stop processes.

use crate::Kernel;
use crate::frame::{LOCKED, STALE};
use crate::lock::free_lock;
use crate::port::Port;
use crate::process::CALM;
use crate::wait::Wait;
use crossgate_abi::table::OnFault;
use crossgate_abi::{ProcessId, Set, ThreadId};

impl<P: Port> Kernel<P> {
    /// Takes a process down, whatever it is doing. Its own threads go back to their entries, or end if the process is
    /// to stay stopped. Threads of other processes that are in it return to their callers.
    ///
    /// `decision` says whether the process is to stay stopped. Without a decision the process has crashed, and its
    /// policy decides. (If there is a dump of the crash, it is complete.)
    #[inline]
    pub(crate) fn take_down(&mut self, process: ProcessId, decision: Option<bool>) {
        let index = process.index();
        let (Some(state), Some(wiring)) = (self.states.get_mut(index), self.processes.get(index))
        else {
            return;
        };
        state.stopped = match (decision, wiring.on_fault) {
            (Some(stopped), _) => stopped,
            (None, OnFault::Stop) => true,
            (None, OnFault::Restart { limit }) => {
                let now = self.port.now();
                if now - state.crashed_at > CALM {
                    state.crashes = 0;
                }
                // The count is compared before it goes up, because the limit may be the highest number. (In that case
                // the count wraps to 0, which does not matter, because the process stays stopped.)
                let stopped = state.crashes >= limit;
                state.crashes = state.crashes.wrapping_add(1);
                state.crashed_at = now;
                if stopped
                    && self.system.supervisor.as_ref().is_some_and(|it| it.process == process)
                {
                    self.port.reset_system();
                }
                stopped
            }
        };
        (state.reset, state.unclean, state.looked) = (0, wiring.pieces, ThreadId::IDLE);
        self.running.remove(process);
        if wiring.notifications != 0 {
            self.silence(wiring);
        }
        if let Some(optional) = &self.optional {
            (optional.end_life)(self, process);
        }
        self.sweep_all_for(process);
    }

    /// Puts every thread among those to sweep, because `process` has been taken down.
    #[inline(always)]
    fn sweep_all_for(&mut self, process: ProcessId) {
        let unswept = self.all_threads();
        let work = &mut self.work;
        if work.unswept.is_empty() {
            work.dying = Set::EMPTY;
        }
        work.dying.insert(process);
        (work.unswept, work.lessees) = (unswept, Set::EMPTY);
        // The current thread is swept at once, because in most cases it is the thread that has crashed. But if an
        // interrupt is pending, or if the worker first has to signal servers, the current thread is left to the worker,
        // like all other threads.
        let id = self.threads.current_id();
        if !self.port.interrupt_is_pending() && self.work.unchecked == 0 && id != ThreadId::IDLE {
            self.sweep(id);
        }
        self.engage();
    }

    /// Sweeps a thread: takes it out of the process in which it executes, if that process was taken down. If the thread
    /// waits there, the first run of this function ends the wait. Each further run leaves one call. If the caller of
    /// that call is [gone](STALE), the run also leaves the call that the caller was in. If the thread is then in a call,
    /// another run is needed.
    ///
    /// The last run visits the calls further out. It frees the locks that these calls hold in processes that were taken
    /// down, and makes the returns skip these processes. If it finds that the thread waits in a call that one of these
    /// processes has made, directly or not, it is not the last run: the next one makes that wait fail, and the one
    /// after it visits the calls again.
    #[inline]
    pub(crate) fn sweep(&mut self, id: ThreadId) {
        let dying = self.work.dying;
        let goes_down = |process| dying.contains(process);
        let thread = self.threads.at_mut(id);
        let mut callee = thread.rights.process;
        if !matches!(thread.wait, Wait::Nothing) && (goes_down(callee) || thread.waits_in_vain()) {
            return self.interrupt_wait(id);
        }
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
                    if thread.calls.are_some() {
                        return;
                    }
                    is_home = false;
                    break;
                }
            }
        } else if thread.calls.are_some() {
            let (mut calls, mut orphaned) = (0, 0);
            for frame in thread.frames_in_use().iter_mut().rev() {
                if frame.care & LOCKED != 0 && goes_down(callee) {
                    free_lock(self.services, self.locks, frame.service);
                }
                callee = frame.rights.process;
                calls += 1;
                if goes_down(callee) && !frame.is_stale() {
                    frame.care |= STALE;
                    orphaned = calls;
                }
            }
            thread.orphaned = thread.orphaned.max(orphaned);
            if thread.is_in_vain() {
                return;
            }
        }
        self.work.unswept.remove(id);
        if thread.rights.leases.count() != 0 {
            self.work.lessees.insert(id);
        }
        // Other threads may wait for an object or a mutex that this thread held. They will try again.
        if !thread.waiters.is_empty() {
            self.work.waking |= core::mem::take(&mut thread.waiters);
            self.work.lowering.insert(id);
        }
        if is_home {
            self.come_home(id);
        }
    }
}
