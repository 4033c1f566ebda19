// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes: how a process is taken down.
//!
//! If a thread of another process executes in the crashed process, it returns to its nearest caller outside, with the
//! error [`ServerFaulted`](CallError::ServerFaulted). If it has called a further process from the crashed one, it
//! finishes that call first, and then returns in the same way. Every other process continues, and the supervisor [is
//! notified](crate::fault).
//!
//! No thread enters a process that has crashed. In most cases the process is [taken down](crate::down) at once. If an
//! interrupt is pending, or a crash dump or a signal to servers has to come first, the [worker](crate::sweep) takes it
//! down, before any thread runs.

use crate::Kernel;
use crate::effect::Outcome;
use crate::fault::{Panic, who};
use crate::port::Port;
use crossgate_abi::{CallError, Cause, ProcessId, Status, Word};

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
        // If an interrupt is pending, or if the worker first has to write a dump or to signal servers, the rest is left
        // to the worker.
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
