// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mutexes of user code.
//!
//! A mutex is a word in the memory of a process, which the kernel sees only when there is contention: 0 if it is free,
//! else the stack pointer that its holder had, with bit 0 set if others wait. So the holder is found without the kernel
//! having been told. A process that forges such a word may lend its priority to a visitor, but only while that is in
//! the process: when the visitor leaves it, in whatever way, those who wait for it there are told to look again.

use crate::Kernel;
use crate::effect::Outcome;
use crate::frame::LOCKED;
use crate::port::Port;
use crate::thread::Thread;
use crate::wait::{Pending, Wait};
use crossgate_abi::{CallError, Status, ThreadId, Word};
use crossgate_protection::Unit;

/// Bit 0 of a mutex: others wait for it.
const CONTENDED: Word = 1;

/// Returns whether a mutex of this value has been taken by this thread: it had its stack pointer there.
#[inline(always)]
fn is_of<U: Unit>(thread: &Thread<U>, value: Word) -> bool {
    let pointer = value & !CONTENDED;
    thread.stack.start < pointer && pointer <= thread.stack.end
}

impl<P: Port> Kernel<P> {
    /// The current thread found the mutex at `address` taken.
    pub(crate) fn mutex_wait(&mut self, address: Word) -> Outcome {
        let Some(value) = self.read_own(address) else {
            return CallError::BadArgument.into();
        };
        if value == 0 {
            return Status::OK.into();
        }
        let Some(holder) = self.mutex_holder(value) else {
            return CallError::BadArgument.into();
        };
        if self.leads_back(holder) {
            return CallError::Deadlock.into();
        }
        self.port.write_word(address, value | CONTENDED);
        // Its returns will be noticed. (A lock that an object has is taken for the call already; or was given back when
        // the process went down, but then the thread is led past this frame.)
        for frame in self.threads.get_mut(holder).frames_in_use() {
            frame.care |= LOCKED;
        }
        let thread = self.current();
        thread.pending = Pending::status(Status::OK);
        thread.wait = Wait::Mutex(address);
        self.block_on(holder);
        Outcome::NONE
    }

    /// The current thread frees the mutex at `address`, which others wait for.
    pub(crate) fn mutex_wake(&mut self, address: Word) -> Status {
        let value = self.read_own(address).unwrap_or(0);
        if !is_of(self.threads.current(), value) {
            return CallError::BadArgument.into();
        }
        self.port.write_word(address, 0);
        self.stir(self.threads.current_id());
        Status::OK
    }

    /// The word at `address`, a mutex or another, if that is one of the current process.
    pub(crate) fn read_own(&mut self, address: Word) -> Option<Word> {
        let process = self.current().rights.process;
        let memory = self.processes.get(process.index())?.memory;
        // (The memory of a process ends with a whole word.)
        let owned = memory.start <= address && address < memory.end;
        (owned && address.is_multiple_of(size_of::<Word>())).then(|| self.port.read_word(address))
    }

    /// The thread that holds a mutex of this value in the current process: the one that has its stack
    /// there, has not ended, and is in the process or has called out of it.
    #[inline(always)]
    fn mutex_holder(&mut self, value: Word) -> Option<ThreadId> {
        let process = self.current().rights.process;
        for id in self.threads.ids() {
            let thread = self.threads.at(id);
            let has_ended = matches!(thread.wait, Wait::Ended);
            if is_of(thread, value) && !has_ended && thread.has_entered(process) {
                return Some(id);
            }
        }
        None
    }
}
