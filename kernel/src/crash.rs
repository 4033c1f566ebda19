// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process goes down.
//!
//! A thread that was visiting it goes back to the nearest
//! caller outside, with [`ServerFaulted`](CallError::ServerFaulted); so does, later, one that returns
//! into it from a process further on. Every other process goes on, and the one that the wiring names
//! [is told](crate::fault).
//!
//! It goes down in a moment: from then on nothing enters it. What is left of it, its visitors and those who are
//! to come back to it, is [swept](crate::sweep) away in pieces, each thread before it runs again. If the supervisor
//! crashes too often, nobody could decide any more: the system is reset.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::fault::Fault;
use crate::port::Port;
use crate::process::CALM;
use crossgate_abi::table::OnFault;
use crossgate_abi::{CallError, Cause, ProcessId, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// The current process did something that it must not do, at `instruction`; `address` is what
    /// it tried to access. Both are 0 where that is unknown.
    pub fn fault(&mut self, cause: Cause, instruction: Word, address: Word) -> Effect {
        self.crash_current(&Fault { instruction, address, ..Fault::of(cause) });
        self.reload()
    }

    /// The current process crashed.
    #[inline(never)]
    pub(crate) fn crash_current(&mut self, fault: &Fault) {
        let thread = self.threads.current();
        let (id, process) = (thread.id, thread.rights.process);
        self.report(id, process, fault);
        self.crash(process);
    }

    /// Decides on a process that crashed now, as the newest record says.
    pub(crate) fn crash(&mut self, process: ProcessId) {
        let policy = self.processes.get(process.index()).map(|wiring| wiring.on_fault);
        let Some(OnFault::Restart { limit }) = policy else { return self.take_down(process, true) };
        let now = self.port.now();
        let Some(state) = self.states.get_mut(process.index()) else { return };
        if now - state.crashed_at > CALM {
            state.crashes = 0;
        }
        // Before it counts, as it may have the highest limit. (Then the count restarts, which is of no account any
        // more.)
        let stopped = state.crashes >= limit;
        state.crashes = state.crashes.wrapping_add(1);
        state.crashed_at = now;
        self.take_down(process, stopped);
        if stopped && self.supervisor() == Some(process) {
            self.port.reset_system();
        }
    }

    /// Takes a process down, whatever it does, to restart or to stay stopped. Its own threads go
    /// back to their beginning, or end; its visitors go back to their callers.
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

    /// The supervisor has `process` restart, or stop.
    pub(crate) fn supervise(&mut self, process: Word, stopped: bool) -> Outcome {
        let current = self.current().rights.process;
        let is_permitted = self.supervisor() == Some(current);
        let (true, Some(state)) = (is_permitted, self.states.get_mut(process)) else {
            return CallError::NotPermitted.into();
        };
        state.crashes = 0;
        self.take_down(ProcessId::new(process), stopped);
        // If it is its own, it does not come back from this.
        if process == current.index() { Outcome::NONE } else { Status::OK.into() }
    }

    /// The current thread returned into a process that has gone down meanwhile.
    pub(crate) fn unwind_current(&mut self) -> Effect {
        if !self.threads.current().unwind() {
            self.come_home(self.threads.current_id());
        }
        self.reload()
    }
}
