// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mutexes of user code.
//!
//! A mutex is a word in the memory of a process. It is 0 if the mutex is free. Otherwise it is the stack pointer that
//! the holder had when it took the mutex, with bit 0 set if other threads wait. The kernel reads the word only when
//! there is contention, and then finds the holder by its stack. A process that forges such a word can lend the priority
//! of its own threads to a thread of another process, but only while that thread is in the forging process. When that
//! thread leaves, the threads that wait for it there try again.

use crate::Kernel;
use crate::effect::Outcome;
use crate::frame::LOCKED;
use crate::port::Port;
use crate::thread::Thread;
use crate::wait::{Pending, Wait};
use crossgate_abi::{CallError, Status, ThreadId, Word};
use crossgate_protection::Unit;

/// Bit 0 of a mutex: other threads wait for it.
const CONTENDED: Word = 1;

/// Returns whether this thread has taken a mutex of this value: the value is an address in the thread's stack.
#[inline(always)]
fn is_of<U: Unit>(thread: &Thread<U>, value: Word) -> bool {
    let pointer = value & !CONTENDED;
    thread.stack.start < pointer && pointer <= thread.stack.end
}

impl<P: Port> Kernel<P> {
    /// Makes the current thread wait for the mutex at `address`, which the thread found taken.
    #[inline]
    pub(crate) fn mutex_wait(&mut self, address: Word) -> Outcome {
        let Some(value) = self.read_own(address) else {
            return CallError::BadArgument.into();
        };
        if value == 0 {
            return Status::OK.into();
        }
        let holder = match self.mutex_holder(value) {
            None => return Outcome::NONE,
            Some(None) => return CallError::BadArgument.into(),
            Some(Some(holder)) => holder,
        };
        match self.leads_back(holder) {
            None => return Outcome::NONE,
            Some(true) => return CallError::Deadlock.into(),
            Some(false) => {}
        }
        self.port.write_word(address, value | CONTENDED);
        // The holder may return without freeing the mutex. So each return of the holder gets the duty to wake the
        // threads that wait for it. (A call that holds a lock has this duty already. Its lock may have been freed
        // meanwhile, because the process of the object was taken down. The duty does not free such a lock again,
        // because that call ends by unwinding, which frees no lock.)
        for frame in self.threads.get_mut(holder).frames_in_use() {
            frame.care |= LOCKED;
        }
        let thread = self.current();
        thread.pending = Pending::status(Status::OK);
        thread.wait = Wait::Mutex(address);
        self.block_on(holder);
        Outcome::NONE
    }

    /// Frees the mutex at `address`, which the current thread holds, and wakes the threads that wait for it.
    #[inline]
    pub(crate) fn mutex_wake(&mut self, address: Word) -> Status {
        let value = self.read_own(address).unwrap_or(0);
        if !is_of(self.threads.current(), value) {
            return CallError::BadArgument.into();
        }
        self.port.write_word(address, 0);
        self.stir_current();
        Status::OK
    }

    /// Returns the word at `address`, if it belongs to the current process.
    #[inline]
    pub(crate) fn read_own(&mut self, address: Word) -> Option<Word> {
        let process = self.current().rights.process;
        let memory = self.processes.get(process.index())?.memory;
        // (The memory of a process ends with a whole word.)
        let owned = memory.start <= address && address < memory.end;
        (owned && address.is_multiple_of(size_of::<Word>())).then(|| self.port.read_word(address))
    }

    /// Returns the thread that holds a mutex of this value in the current process. The value is an address in the stack
    /// of the holder. The holder has not ended, and it is in the process or has made a call out of it. Returns
    /// `Some(None)` if there is no such thread, and `None` if the system call stops at a [preemption
    /// point](Self::gives_way).
    #[inline(always)]
    fn mutex_holder(&mut self, value: Word) -> Option<Option<ThreadId>> {
        let process = self.current().rights.process;
        for id in self.threads.ids() {
            if self.gives_way() {
                return None;
            }
            let thread = self.threads.at(id);
            let has_ended = matches!(thread.wait, Wait::Ended);
            if is_of(thread, value) && !has_ended && thread.has_entered(process) {
                return Some(Some(id));
            }
        }
        Some(None)
    }
}
