// SPDX-License-Identifier: MIT OR Apache-2.0
//! Locks of objects that admit only one call at a time.
//!
//! A call that finds the lock of its object taken [waits](crate::block) for the thread that holds it, and is then made
//! again.

use crate::Kernel;
use crate::effect::Effect;
use crate::port::Port;
use crate::wait::{Pending, Wait};
use crossgate_abi::table::Service;
use crossgate_abi::{CallError, LockId, ServiceId, ThreadId};

/// The lock of an exclusive object.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(Hash))]
#[repr(transparent)]
// A port's assembly takes the lock: it is a byte.
pub struct Lock(
    /// The thread that is in the object; the idle thread, which makes no calls, if the lock is free.
    ThreadId,
);

impl Lock {
    /// A free lock.
    pub const FREE: Lock = Lock(ThreadId::IDLE);

    /// Returns the thread that is in the object.
    #[inline]
    pub(crate) fn holder(self) -> Option<ThreadId> {
        (self.0 != ThreadId::IDLE).then_some(self.0)
    }
}

/// Frees the lock of the object of a service, if it has one.
#[inline]
pub(crate) fn free_lock(services: &[Service], locks: &mut [Lock], service: ServiceId) {
    let service = services.get(service.index());
    if let Some(lock) = service.and_then(|it| locks.get_mut(it.lock.index())) {
        *lock = Lock::FREE;
    }
}

impl<P: Port> Kernel<P> {
    /// Takes the lock of an object for the next call of the current thread. If the lock is not free, the thread waits.
    #[inline]
    pub(crate) fn take_lock(&mut self, lock: LockId) -> Result<(), Effect> {
        let me = self.threads.current_id();
        let Some(state) = self.locks.get_mut(lock.index()) else { return Ok(()) };
        let Some(holder) = state.holder() else {
            *state = Lock(me);
            return Ok(());
        };
        match self.leads_back(holder) {
            None => return Err(Effect::SWITCH),
            Some(true) => return Err(CallError::Deadlock.into()),
            Some(false) => {}
        }
        // The thread makes its call again when the lock is free.
        let thread = self.current();
        thread.pending = Pending::Retry;
        thread.wait = Wait::Lock(lock);
        self.block_on(holder);
        Err(Effect::SWITCH)
    }
}
