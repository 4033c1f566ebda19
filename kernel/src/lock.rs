//! Objects that one call at a time may be in, and the mutexes of user code.
//!
//! Both work alike: a thread that finds the lock taken waits, and lends its priority to the holder. If that waits
//! in turn, it tries again: so it lends on what it got, and priority inheritance is transitive. When a thread frees
//! a lock all who wait for it, for whatever reason, become ready and try again; the most urgent
//! one gets the lock, as it runs first. A wait that would close a cycle is refused.
//!
//! The lock of an object is kernel state. A mutex is a word in the memory of a process, which the
//! kernel sees only when there is contention: 0 if it is free, else the stack pointer that its
//! holder had, with bit 0 set if others wait. So the holder is found without the kernel having been
//! told. A process that forges such a word may lend its priority to a visitor, but only while that is in the
//! process: when the visitor leaves it, in whatever way, those who wait for it there are told to look again.

use crate::call::LOCKED;
use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, Thread, ThreadId, Wait};
use crate::{Effect, Kernel};
use crossgate_abi::table::Service;
use crossgate_abi::{CallError, Status, Word};

/// Bit 0 of a mutex: others wait for it.
const CONTENDED: Word = 1;

/// The lock of an exclusive object.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(test, derive(Hash))]
#[repr(transparent)]
// A port's assembly takes it: a byte.
pub struct Lock(
    /// The thread that is in the object: the idle thread, which calls nobody, if it is free.
    ThreadId,
);

impl Lock {
    /// A free lock.
    pub const FREE: Lock = Lock(ThreadId::IDLE);

    /// The thread that is in the object.
    #[inline]
    pub(crate) fn holder(self) -> Option<ThreadId> {
        (self.0 != ThreadId::IDLE).then_some(self.0)
    }
}

/// Frees the lock of the object of a service, if it has one.
#[inline(never)]
pub(crate) fn free_lock(services: &[Service], locks: &mut [Lock], service: u8) {
    let service = services.get(usize::from(service));
    if let Some(lock) = service.and_then(|it| locks.get_mut(usize::from(it.lock))) {
        *lock = Lock::FREE;
    }
}

/// Whether a mutex of this value has been taken by this thread: it had its stack pointer there.
#[inline(always)]
fn is_of(thread: &Thread, value: Word) -> bool {
    let pointer = value & !CONTENDED;
    thread.stack.start < pointer && pointer <= thread.stack.end
}

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, takes the lock of an object for its next
    /// call. If it is not free, it waits.
    #[inline(never)]
    pub(crate) fn take_lock(&mut self, stack_pointer: Word, lock: u8) -> Result<(), Effect> {
        let me = self.threads.current_id();
        let Some(state) = self.locks.get_mut(usize::from(lock)) else { return Ok(()) };
        let Some(holder) = state.holder() else {
            *state = Lock(me);
            return Ok(());
        };
        if self.leads_back(holder) {
            return Err(CallError::Deadlock.into());
        }
        // It makes its call again when the lock is free.
        let thread = self.current();
        thread.stack_pointer = stack_pointer;
        thread.pending = Pending::Retry;
        thread.wait = Wait::Lock(lock);
        self.block_on(holder);
        Err(self.reschedule())
    }

    /// Thread `id` has freed something that others may wait for. All who wait for it look again: if they have to
    /// wait on, they lend it their priority again.
    #[inline(never)]
    pub(crate) fn stir(&mut self, id: ThreadId) {
        self.work.lowering &= !id.bit();
        let thread = self.threads.get_mut(id);
        let waiters = core::mem::take(&mut thread.waiters);
        if waiters != 0 {
            let own = thread.base_priority;
            self.set_priority(id, own);
            if waiters & waiters.wrapping_sub(1) == 0 {
                self.wake(ThreadId::new(waiters.trailing_zeros() as usize));
            } else {
                self.work.waking |= waiters;
                self.engage();
            }
        }
    }

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
        let process = self.current().level.process;
        let memory = self.processes.get(usize::from(process))?.memory;
        // (The memory of a process ends with a whole word.)
        let owned = memory.start <= address && address < memory.end;
        (owned && address.is_multiple_of(size_of::<Word>())).then(|| self.port.read_word(address))
    }

    /// The thread that holds a mutex of this value in the current process: the one that has its stack
    /// there, has not ended, and is in the process or has called out of it.
    #[inline(always)]
    fn mutex_holder(&mut self, value: Word) -> Option<ThreadId> {
        let process = self.current().level.process;
        for id in self.threads.ids() {
            let thread = self.threads.at(id);
            let has_ended = matches!(thread.wait, Wait::Ended);
            if is_of(thread, value) && !has_ended && thread.has_entered(process) {
                return Some(id);
            }
        }
        None
    }

    /// Whether `holder` is the current thread, or waits for it, directly or not.
    fn leads_back(&self, mut holder: ThreadId) -> bool {
        let current = self.threads.current_id();
        // The chain of waits has no cycle, as none is ever closed; the bound says so to the reader.
        for _ in 0..crossgate_abi::MAX_THREADS {
            if holder == current {
                return true;
            }
            match self.threads.at(holder).blocked_on {
                Some(next) if self.work.waking & holder.bit() == 0 => holder = next,
                _ => return false,
            }
        }
        true
    }

    /// The thread that has what this one waits for, unless it is to look again anyway.
    #[cfg(test)]
    pub(crate) fn holder_for(&self, id: ThreadId) -> Option<ThreadId> {
        self.threads.get(id).blocked_on.filter(|_| self.work.waking & id.bit() == 0)
    }

    /// The current thread waits for something.
    #[inline(always)]
    pub(crate) fn block(&mut self, wait: Wait) {
        let thread = self.threads.current();
        self.ready.remove_first(thread);
        thread.wait = wait;
    }

    /// What the current thread waits for, another has, which is lent the priority.
    #[inline(never)]
    pub(crate) fn block_on(&mut self, holder: ThreadId) {
        let thread = self.threads.current();
        self.ready.remove_first(thread);
        thread.blocked_on = Some(holder);
        let (id, priority) = (thread.id, thread.priority);
        let thread = self.threads.get_mut(holder);
        thread.waiters |= id.bit();
        if thread.priority < priority {
            let next = thread.blocked_on;
            self.set_priority(holder, priority);
            // If it waits for another in turn, it tries again with this priority.
            if let Some(next) = next {
                self.stir(next);
            }
        }
    }

    /// From now on a thread is as urgent as this.
    #[inline(never)]
    pub(crate) fn set_priority(&mut self, id: ThreadId, priority: u8) {
        let thread = self.threads.get_mut(id);
        if thread.priority == priority {
            return;
        }
        if let Some(holder) = thread.blocked_on
            && priority < thread.priority
        {
            self.work.lowering |= holder.bit();
        }
        let is_ready = matches!(thread.wait, Wait::Nothing);
        if is_ready {
            self.ready.remove(thread);
        }
        thread.priority = priority;
        if is_ready {
            self.ready.push(thread);
        }
        // It may be one that the worker has to look at, or has looked at.
        self.engage();
    }
}
