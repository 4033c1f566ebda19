// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes: how a process is taken down.
//!
//! If a thread of another process executes in the crashed process, it returns to its nearest caller outside, with the
//! error [`ServerFaulted`](CallError::ServerFaulted). If it has called a further process from the crashed one, it
//! finishes that call first, and then returns in the same way. Every other process continues, and the supervisor [is
//! notified](crate::fault).
//!
//! A process is taken down at once: from then on no thread enters it. The threads that are in the process, or would
//! return to it, are [swept](crate::sweep) piece by piece, each thread before it runs again. If the supervisor crashes
//! too often, the system is reset, because no other process may restart or stop processes.

use crate::Kernel;
use crate::effect::Outcome;
use crate::fault::Fault;
use crate::port::Port;
use crate::process::CALM;
use crossgate_abi::table::OnFault;
use crossgate_abi::{CallError, Cause, ProcessId, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Handles a fault of the current process. `instruction` is the address of the instruction that faulted, and
    /// `address` the one that it tried to access. Each is 0 if it is unknown. A context has to be loaded afterwards.
    #[inline(always)]
    pub fn fault(&mut self, cause: Cause, instruction: Word, address: Word) {
        self.crash_current(&Fault { instruction, address, ..Fault::of(cause) });
    }

    /// Handles a crash of the current process, if only the cause of the crash is known.
    #[inline]
    pub fn crash_by(&mut self, cause: Cause) {
        self.crash_current(&Fault::of(cause));
    }

    /// Handles a crash of the current process.
    #[inline]
    pub(crate) fn crash_current(&mut self, fault: &Fault) {
        let thread = self.threads.current();
        let (id, process) = (thread.id, thread.rights.process);
        self.record(id, process, fault);
        self.crash(process);
    }

    /// Restarts or stops a process that has just crashed. The newest record of a fault is the one of this crash.
    #[inline]
    pub(crate) fn crash(&mut self, process: ProcessId) {
        let policy = self.processes.get(process.index()).map(|wiring| wiring.on_fault);
        let Some(OnFault::Restart { limit }) = policy else { return self.take_down(process, true) };
        let now = self.port.now();
        let Some(state) = self.states.get_mut(process.index()) else { return };
        if now - state.crashed_at > CALM {
            state.crashes = 0;
        }
        // The count is compared before it goes up, because the limit may be the highest number. (In that case the count
        // wraps to 0, which does not matter, because the process stays stopped.)
        let stopped = state.crashes >= limit;
        state.crashes = state.crashes.wrapping_add(1);
        state.crashed_at = now;
        self.take_down(process, stopped);
        // (If a dump is not complete yet, the worker resets the system after it has completed the dump.)
        if stopped && self.supervisor() == Some(process) && !self.work.has_dump() {
            self.port.reset_system();
        }
    }

    /// Takes a process down, whatever it is doing. Its own threads go back to their entries, or end if the process is
    /// to stay `stopped`. Threads of other processes that are in it return to their callers.
    #[inline]
    pub(crate) fn take_down(&mut self, process: ProcessId, stopped: bool) {
        let index = process.index();
        let (Some(state), Some(wiring)) = (self.states.get_mut(index), self.processes.get(index))
        else {
            return;
        };
        state.stopped = stopped;
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
        self.take_down(ProcessId::new(process), stopped);
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
