// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes: how a process is taken down.
//!
//! If a thread of another process executes in the crashed process, it returns to its nearest caller outside, with the
//! error [`ServerFaulted`](CallError::ServerFaulted). If it has called a further process from the crashed one, it
//! finishes that call first, and then returns in the same way. Every other process continues, and the supervisor [is
//! notified](crate::fault).
//!
//! No thread enters a process that has crashed. If an interrupt is pending, or a crash dump has to be written first,
//! the [worker](crate::sweep) does all the rest before any thread runs: it takes the process down. The threads that are
//! in the process, or would return to it, are then [swept](crate::sweep) piece by piece, each thread before it runs
//! again. If the supervisor crashes too often, the system is reset, because no other process may restart or stop
//! processes.

use crate::Kernel;
use crate::effect::Outcome;
use crate::fault::{Panic, who};
use crate::port::Port;
use crate::process::CALM;
use crossgate_abi::table::OnFault;
use crossgate_abi::{CallError, Cause, ProcessId, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Handles a fault of the current process. `instruction` is the address of the instruction that faulted, and
    /// `address` the one that it tried to access. Each is 0 if it is unknown. A context has to be loaded afterwards.
    #[inline(always)]
    pub fn fault(&mut self, cause: Cause, instruction: Word, address: Word) {
        self.crash_current(cause, address, instruction, None);
    }

    /// Handles a crash of the current process, if only the cause of the crash is known.
    #[inline]
    pub fn crash_by(&mut self, cause: Cause) {
        self.crash_current(cause, 0, 0, None);
    }

    /// Handles a crash of the current process. An address is 0 if it is unknown.
    #[inline]
    pub(crate) fn crash_current(
        &mut self,
        cause: Cause,
        address: Word,
        instruction: Word,
        panic: Option<&Panic>,
    ) {
        let thread = self.threads.current();
        let (id, process) = (thread.id, thread.rights.process);
        if self.keeps_records() {
            self.record(who(process, id, cause), address, instruction);
            if let Some(panic) = panic {
                self.record_place(panic);
            }
            self.note_crash(process);
        }
        // If an interrupt is pending, or if the worker has to write a dump first, the rest is left to the worker.
        if self.work.unchecked != 0 || self.port.interrupt_is_pending() {
            self.put_off(process);
        } else {
            self.take_down(process, None);
        }
    }

    /// Handles a crash of a process, in which the current thread may or may not be. The newest record of a fault is the
    /// one of this crash.
    #[inline]
    pub(crate) fn crash(&mut self, process: ProcessId) {
        self.note_crash(process);
        self.put_off(process);
    }

    #[inline]
    fn note_crash(&mut self, process: ProcessId) {
        if let Some(optional) = &self.optional {
            (optional.note)(self, process);
        }
    }

    /// Leaves the rest of a crash to the worker. From now on no thread enters the process.
    #[inline]
    fn put_off(&mut self, process: ProcessId) {
        self.running.remove(process);
        self.work.crashed.insert(process);
        self.engage();
    }

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
        (state.reset, state.looked) = (0, ThreadId::IDLE);
        self.running.remove(process);
        if wiring.notifications != 0 {
            self.silence(wiring);
        }
        if let Some(optional) = &self.optional {
            (optional.end_life)(self, process);
        }
        self.sweep_all_for(process);
    }

    /// Restarts or stops `process`, if the current process is the supervisor.
    #[inline]
    pub(crate) fn supervise(&mut self, process: Word, stopped: bool) -> Outcome {
        let current = self.current().rights.process;
        let is_permitted = self.supervisor() == Some(current);
        let (true, Some(state)) = (is_permitted, self.states.get_mut(process)) else {
            return CallError::NotPermitted.into();
        };
        state.crashes = 0;
        self.take_down(ProcessId::new(process), Some(stopped));
        // If the supervisor stops or restarts itself, this system call does not return.
        if process == current.index() { Outcome::NONE } else { Status::OK.into() }
    }

    /// Handles a return of the current thread into a process that was taken down meanwhile.
    #[inline]
    pub(crate) fn unwind_current(&mut self) {
        if !self.threads.current().unwind() {
            self.come_home(self.threads.current_id());
        }
    }
}
