// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start and restart of a process.
//!
//! Before a process restarts, the kernel ends what it still holds for the life that has ended: the *clean-up*. The
//! interrupts of the process are [masked](crate::interrupt), and its [grants](crate::grant) end.
//!
//! The memory of a process is reset to its initial values, at boot and after each crash alike. The threads that need
//! the memory do this work, in pieces. Each of the process' own threads starts with a [system
//! call](crossgate_abi::number::BEGIN) that does a piece, repeats itself while pieces are left, and then leads to the
//! thread's entry. A thread that calls a service of the process does pieces in the same way. So interrupts are never
//! held off for long, and the work is done at the priority of the most urgent thread that needs it. The kernel needs no
//! thread of its own for the work.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::port::Port;
use crate::process::Process;
use crate::wait::{Pending, Wait};
use crossgate_abi::{CallError, ProcessId, ThreadId};

/// The progress of a process towards a state in which it can be entered.
pub(crate) enum Progress {
    /// It can be entered.
    Running,
    /// A piece of work was done, but more is left: ask again.
    More,
    /// It can't be entered yet, because the pause after its last crash is not over.
    Early,
    /// It can't be entered yet, because this thread holds a lease of the process' memory from the life that has ended.
    Lent(ThreadId),
    /// It can't be entered, because it is stopped.
    Stopped,
}

impl<P: Port> Kernel<P> {
    /// Does a piece of the work that is needed before a process can be entered. Does nothing if the process is running
    /// or may not start.
    #[inline]
    pub(crate) fn advance(&mut self, process: ProcessId) -> Progress {
        if self.is_running(process) {
            return Progress::Running;
        }
        let index = process.index();
        let (Some(state), Some(wiring)) = (self.states.get_mut(index), self.processes.get(index))
        else {
            return Progress::Stopped;
        };
        if state.stopped {
            return Progress::Stopped;
        }
        // The sweep comes first even if it is for another process, because `lessees` is complete only when all threads
        // are swept. (If there were work that comes before all threads, the worker would run now.)
        if let Some(id) = self.work.unswept.first() {
            self.sweep(id);
            return Progress::More;
        }
        if state.unclean != 0 {
            state.unclean -= 1;
            let piece = state.unclean.into();
            self.mask_again(process, piece);
            self.end_some_grants(process, piece);
            return Progress::More;
        }
        if state.reset == 0 {
            let not_before = state.not_before();
            if not_before != 0 && self.port.now() < not_before {
                return Progress::Early;
            }
            if let Some(id) = self.work.lessees.after(state.looked).first() {
                if self.threads.get(id).holds_memory_of(process) {
                    return Progress::Lent(id);
                }
                state.looked = id;
                return Progress::More;
            }
        }
        match self.port.reset(wiring.memory, state.reset) {
            Some(reset) => {
                state.reset = reset;
                Progress::More
            }
            None => {
                state.reset = 0;
                self.running.insert(process);
                Progress::Running
            }
        }
    }

    /// Starts the current thread if its process is ready. Otherwise the thread does a piece of the work, or waits.
    #[inline]
    pub(crate) fn begin(&mut self) -> Outcome {
        let thread = self.threads.current();
        let (id, process) = (thread.id, thread.rights.process);
        let wiring = self.system.threads.get(id.index());
        let (0, Some(wiring)) = (thread.depth(), wiring) else {
            return CallError::NotPermitted.into();
        };
        match self.advance(process) {
            Progress::Running => {
                let thread = self.threads.current();
                thread.stack_pointer = P::first_context(wiring.entry, thread.stack.end);
            }
            Progress::More => self.threads.current().pending = Pending::Retry,
            Progress::Early => {
                let state = self.states.get(process.index());
                let _ = self.sleep_until(state.map_or(0, Process::not_before));
                self.threads.current().pending = Pending::Retry;
            }
            Progress::Lent(holder) => {
                let thread = self.threads.current();
                (thread.wait, thread.pending) = (Wait::Memory, Pending::Retry);
                self.block_on(holder);
            }
            Progress::Stopped => self.end(id),
        }
        Outcome::NONE
    }

    /// Handles a call of the current thread to a service of a process that is not running: the thread helps the process
    /// to start, and tries again. If the process may not start yet, the call fails.
    #[inline]
    pub(crate) fn call_later(&mut self, process: ProcessId) -> Effect {
        match self.advance(process) {
            Progress::Running | Progress::More => {
                self.threads.current().pending = Pending::Retry;
                Effect::SWITCH
            }
            _ => Effect::error(CallError::ServerDown),
        }
    }
}
