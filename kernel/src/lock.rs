//! Objects that one call at a time may be in, and the mutexes of user code.
//!
//! Both work alike: a thread that finds the lock taken waits, and lends its priority to the holder
//! (and on, if that one waits too: priority inheritance is transitive). When the lock is freed all
//! who wait for it become ready and try again; the most urgent one gets it, as it runs first. A wait
//! that would close a cycle is refused.
//!
//! The lock of an object is kernel state. A mutex is a word in the memory of a process, which the
//! kernel sees only when there is contention: 0 if it is free, else the stack pointer that its
//! holder had, with bit 0 set if others wait. So the holder is found without the kernel having been
//! told. A process that forges such a word may lend its priority to a visitor, but only while that is in the
//! process: when the visitor leaves it, in whatever way, those who wait for it there are told to look again.

use crate::call::{Frame, LOCKED};
use crate::memory::Span;
use crate::port::Port;
use crate::system_call::Outcome;
use crate::thread::{Pending, ThreadId, Wait};
use crate::{Effect, Kernel};
use crossgate_abi::table::NO_LOCK;
use crossgate_abi::{CallError, Status, Word};

/// Bit 0 of a mutex: others wait for it.
const CONTENDED: Word = 1;

/// The lock of an exclusive object.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(test, derive(Hash))]
#[repr(C)]
// A port's assembly takes it if all of it is 0: a byte with the holder, and one that says whether others wait.
pub struct Lock {
    /// The idle thread, which calls nobody, if it is free.
    holder: ThreadId,
    contended: bool,
}

impl Lock {
    /// A free lock.
    pub const FREE: Lock = Lock { holder: ThreadId::IDLE, contended: false };

    /// The thread that is in the object.
    #[inline]
    pub(crate) fn holder(self) -> Option<ThreadId> {
        (self.holder != ThreadId::IDLE).then_some(self.holder)
    }
}

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, takes the lock of an object for its next
    /// call. If it is not free, it waits.
    #[inline(never)]
    pub(crate) fn take_lock(&mut self, stack_pointer: Word, lock: u8) -> Result<(), Effect> {
        let me = self.threads.current_id();
        let Some(state) = self.locks.get_mut(usize::from(lock)) else { return Ok(()) };
        let Some(holder) = state.holder() else {
            state.holder = me;
            return Ok(());
        };
        if self.leads_back(holder) {
            return Err(CallError::Deadlock.into());
        }
        Err(self.wait_for_lock(stack_pointer, lock))
    }

    /// The current thread waits for the lock of an object, to make its call again when it is free.
    fn wait_for_lock(&mut self, stack_pointer: Word, lock: u8) -> Effect {
        let holder = self.locks.get_mut(usize::from(lock)).and_then(|lock| {
            lock.contended = true;
            lock.holder()
        });
        let thread = self.current();
        thread.stack_pointer = stack_pointer;
        thread.pending = Pending::Retry;
        self.block(Wait::Lock(lock), holder);
        self.reschedule()
    }

    /// Frees the lock of the object of a service. Who waits for it is ready now.
    fn release_lock(&mut self, service: u8) {
        let Some(service) = self.services.get(usize::from(service)) else { return };
        let Some(lock) = self.locks.get_mut(usize::from(service.lock)) else { return };
        let before = core::mem::replace(lock, Lock::FREE);
        if before.contended {
            self.wake_all(Wait::Lock(service.lock));
            if let Some(holder) = before.holder() {
                self.inherit(holder);
            }
        }
    }

    /// Gives back the lock that was taken for the call of this frame, if one was.
    #[inline(always)]
    pub(crate) fn release_lock_of(&mut self, frame: Frame) {
        if frame.care & LOCKED != 0 {
            self.release_lock(frame.service);
        }
    }

    /// Thread `id`, which others wait for, has left a call, and perhaps the process of their mutex. They look
    /// again: only if it is still inside, they wait on and lend it their priority.
    #[cold]
    #[inline(never)]
    pub(crate) fn leave_mutexes(&mut self, id: ThreadId) {
        for other in self.threads.ids() {
            let waiter = self.threads.get(other);
            if matches!(waiter.wait, Wait::Mutex(_)) && waiter.blocked_on == Some(id) {
                self.wake(other);
            }
        }
        self.threads.get_mut(id).is_waited_for = false;
        self.inherit(id);
    }

    /// The return of `holder` from each of its calls into `process` will be noticed.
    fn watch_returns(&mut self, holder: ThreadId, process: u8) {
        let services = self.services;
        let thread = self.threads.get_mut(holder);
        thread.is_waited_for = true;
        for frame in thread.frames_in_use() {
            let service = services.get(usize::from(frame.service));
            // A lock that an object has is taken for the call already, or was given back when the process
            // went down; then the thread is led past this frame, which is noticed too.
            if service.is_some_and(|it| it.owner == process && it.lock == NO_LOCK) {
                frame.care |= LOCKED;
            }
        }
    }

    /// The current thread found the mutex at `address` taken.
    pub(crate) fn mutex_wait(&mut self, address: Word) -> Outcome {
        let Some(value) = self.read_mutex(address) else {
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
        let process = self.threads.current().level.process;
        self.watch_returns(holder, process);
        self.current().pending = Pending::status(Status::OK);
        self.block(Wait::Mutex(address), Some(holder));
        Outcome::NONE
    }

    /// The current thread frees the mutex at `address`, which others wait for.
    pub(crate) fn mutex_wake(&mut self, address: Word) -> Status {
        let holder = self.read_mutex(address).and_then(|value| self.mutex_holder(value));
        if holder != Some(self.threads.current_id()) {
            return CallError::BadArgument.into();
        }
        self.port.write_word(address, 0);
        self.wake_all(Wait::Mutex(address));
        self.inherit(self.threads.current_id());
        Status::OK
    }

    /// The mutex at `address`, if that is a word of the current process.
    fn read_mutex(&mut self, address: Word) -> Option<Word> {
        let process = self.current().level.process;
        let memory = self.processes.get(usize::from(process))?.memory;
        let word = Span::new(address, size_of::<Word>())?;
        let owned = Span { start: memory.start, end: memory.end }.contains(word);
        (owned && address.is_multiple_of(size_of::<Word>())).then(|| self.port.read_word(address))
    }

    /// The thread that holds a mutex of this value in the current process: the one that has its stack
    /// there, and is in the process or has called out of it.
    fn mutex_holder(&mut self, value: Word) -> Option<ThreadId> {
        let process = self.current().level.process;
        let pointer = value & !CONTENDED;
        for id in self.threads.ids() {
            let thread = self.threads.get(id);
            let stack = thread.stack;
            if stack.start < pointer && pointer <= stack.end && thread.has_entered(process) {
                return Some(id);
            }
        }
        None
    }

    /// Whether `holder` is the current thread, or waits for it, directly or not.
    fn leads_back(&self, mut holder: ThreadId) -> bool {
        // The chain of waits has no cycle, as none is ever closed; the bound says so to the reader.
        for _ in 0..crossgate_abi::MAX_THREADS {
            if holder == self.threads.current_id() {
                return true;
            }
            match self.threads.get(holder).blocked_on {
                Some(next) => holder = next,
                None => return false,
            }
        }
        true
    }

    /// The current thread waits for something. If another has it, that is lent the priority.
    #[inline(always)]
    pub(crate) fn block(&mut self, wait: Wait, holder: Option<ThreadId>) {
        let thread = self.threads.current();
        self.ready.remove_first(thread);
        thread.wait = wait;
        thread.blocked_on = holder;
        if let Some(holder) = holder {
            self.inherit(holder);
        }
    }

    /// Wakes all threads with this wait, the most urgent of them being the first to try again.
    pub(crate) fn wake_all(&mut self, wait: Wait) {
        for id in self.threads.ids() {
            if self.threads.get(id).wait == wait {
                self.wake(id);
            }
        }
    }

    /// Gives `id`, and those that it waits for in turn, the priority of the most urgent thread that
    /// waits for them, or their own if that is higher.
    pub(crate) fn inherit(&mut self, mut id: ThreadId) {
        for _ in 0..crossgate_abi::MAX_THREADS {
            let own = self.threads.get(id).base_priority;
            let priority = self
                .threads
                .ids()
                .map(|other| self.threads.get(other))
                .filter(|other| other.blocked_on == Some(id))
                .fold(own, |highest, other| highest.max(other.priority));
            if priority == self.threads.get(id).priority {
                return;
            }
            self.set_priority(id, priority);
            match self.threads.get(id).blocked_on {
                Some(next) => id = next,
                None => return,
            }
        }
    }

    fn set_priority(&mut self, id: ThreadId, priority: u8) {
        let thread = self.threads.get_mut(id);
        let is_ready = matches!(thread.wait, Wait::Nothing);
        if is_ready {
            self.ready.remove(thread);
        }
        thread.priority = priority;
        if is_ready {
            self.ready.push(thread);
        }
    }
}
