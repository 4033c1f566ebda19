// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pools: threads that a process starts and ends at run time.
//!
//! A thread of a pool is a thread of the wiring. Its process keeps the jobs in its own memory. The kernel has only
//! three operations: it parks the thread while there is no job, starts it again, and ends its job, whatever the job is
//! doing. (The wait of a parked thread is `Ended`. A thread whose job is ended restarts instead.)
//!
//! A thread whose job is ended restarts: at once if it is in no call, otherwise as soon as it has returned from its
//! calls. The methods that it is in finish first, but their waits fail, because no caller waits for the results any
//! more.
//!
//! A mutex that a thread holds when it parks, or when its job is ended, is never freed, because the data that it
//! protects may be half changed. Threads that wait for it get an error.

use crate::Kernel;
use crate::effect::Outcome;
use crate::frame::STALE;
use crate::home::begin;
use crate::port::Port;
use crate::wait::{Pending, Wait};
use crossgate_abi::pool::{END, PARK, START};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Status, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Carries out a system call for pools: the current thread parks itself, or the current process starts one of its
    /// pool threads or ends the job of one.
    #[inline]
    pub(crate) fn steer(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let [what, index, expected, _] = *words;
        let (me, process) = (self.threads.current_id(), self.threads.current().rights.process);
        if what == PARK {
            return self.park(me, index, expected);
        }
        let home = self.system.threads.get(index).map(|wiring| wiring.process);
        let id = ThreadId::new(index);
        if home != Some(process) || !self.is_pooled(id) {
            return CallError::NotPermitted.into();
        }
        match what {
            START => {
                let thread = self.threads.get_mut(id);
                if matches!(thread.wait, Wait::Ended) {
                    thread.pending = Pending::status(Status::OK);
                    self.wake(id);
                }
            }
            END => {
                let is_own = id == me && self.threads.current().depth() == 0;
                if self.gives_way() || self.finish(id) || is_own {
                    return Outcome::NONE.as_status();
                }
            }
            _ => return CallError::BadArgument.into(),
        }
        Status::OK
    }

    /// Parks the current thread until it is started, if the word at `address` has the expected value. Otherwise the
    /// thread continues, because its process has changed the word meanwhile: there may be a job.
    #[inline]
    fn park(&mut self, id: ThreadId, address: Word, expected: Word) -> Status {
        if !self.is_pooled(id) || self.threads.current().depth() != 0 {
            return CallError::NotPermitted.into();
        }
        let Some(word) = self.read_own(address) else { return CallError::BadArgument.into() };
        if self.gives_way() || self.abandon(id) {
            return Outcome::NONE.as_status();
        }
        if word != expected {
            return Status::OK;
        }
        self.end(id);
        Outcome::NONE.as_status()
    }

    /// Ends the job of a thread of a pool. Returns `true` if the system call stops at a [preemption
    /// point](Self::gives_way) instead.
    #[inline]
    fn finish(&mut self, id: ThreadId) -> bool {
        let thread = self.threads.get_mut(id);
        let depth = thread.depth();
        if depth != 0 {
            // The job made the outermost call. The return from it skips the job, and the thread restarts.
            thread.frames_in_use().iter_mut().take(1).for_each(|outermost| outermost.care |= STALE);
            thread.orphaned = depth;
            if thread.waits_in_vain() {
                self.interrupt_wait(id);
            }
        } else {
            if self.abandon(id) {
                return true;
            }
            if !matches!(self.threads.get(id).wait, Wait::Nothing) {
                self.interrupt_wait(id);
            }
            begin::<P>(self.threads.get_mut(id));
        }
        false
    }

    /// Makes the waits of other threads fail if they wait for mutexes that this thread has not freed. This thread is at
    /// home (in no call). Returns `true` if the system call stops at a [preemption point](Self::gives_way). Then some of
    /// these waits have failed already. A thread that was woken meanwhile, without an error, waits again.
    #[inline]
    fn abandon(&mut self, id: ThreadId) -> bool {
        self.stir(id);
        for other in self.work.waking {
            if self.gives_way() {
                return true;
            }
            let thread = self.threads.get_mut(other);
            if thread.blocked_on == Some(id) && matches!(thread.wait, Wait::Mutex(_)) {
                thread.pending = Pending::status(CallError::Deadlock.into());
            }
        }
        false
    }

    #[inline]
    fn is_pooled(&self, id: ThreadId) -> bool {
        self.system.pooled.contains(id)
    }
}
