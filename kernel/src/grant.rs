// SPDX-License-Identifier: MIT OR Apache-2.0
//! Grants: rights to call services that the wiring does not give to the caller.
//!
//! A handle that is passed as an argument or in a result is a capability: a process with the right to call the service
//! passes this right on to the receiver of the handle. Grants are kept as one set of processes for each service, so
//! they need a fixed amount of memory. A grant ends before its receiver or the owner of the service restarts, or when
//! the owner revokes all grants. (A process that was taken down neither calls nor serves calls until it restarts.)

use crate::Kernel;
use crate::frame::{REFUSED, STALE};
use crate::port::Port;
use crate::wait::Wait;
use crossgate_abi::table::{CLEANED, Service};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, ProcessId, ServiceId, Set, Shape, Status, ThreadId, Word,
};

/// The greatest number of threads that one system call to revoke grants examines.
const EXPELLED: usize = 2;

/// Checks that a process may pass on each handle among words of this shape.
type Check<P> = fn(&Kernel<P>, Shape, &[Word], ProcessId) -> Result<(), CallError>;

/// The part of the kernel for a firmware in which handles are passed on. No other firmware contains its code.
pub(crate) struct Grants<P: Port> {
    pub check: Check<P>,
    /// Permits a process to call the services whose handles are among these words. The words have been checked.
    pub pass: fn(&mut Kernel<P>, Shape, &[Word], ProcessId),
    /// Revokes all grants of one of the services of the current process.
    pub revoke: fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Handles the return of the current thread from a call that was refused.
    pub returned: fn(&mut Kernel<P>),
    /// Ends grants of a process that is about to restart, in pieces.
    pub end: fn(&mut Kernel<P>, ProcessId, usize),
}

impl<P: Port> Grants<P> {
    pub const ALL: &Grants<P> = &Grants {
        check: Kernel::check_handles,
        pass: Kernel::pass_handles,
        revoke: Kernel::revoke,
        returned: Kernel::returned,
        end: Kernel::end_grants,
    };
}

impl<P: Port> Kernel<P> {
    #[inline]
    fn check_handles(
        &self,
        shape: Shape,
        words: &[Word],
        giver: ProcessId,
    ) -> Result<(), CallError> {
        let mut before = None;
        for (place, &handle) in words.iter().enumerate() {
            if !shape.is_handle(place, before.replace(handle)) {
                continue;
            }
            let (index, service) = self.service_of(handle).ok_or(CallError::NotPermitted)?;
            let granted = self.granted.get(index.index()).copied().unwrap_or_default();
            let may = service.callers | granted | Set::of(service.owner);
            if !may.contains(giver) {
                return Err(CallError::NotPermitted);
            }
        }
        Ok(())
    }

    #[inline]
    fn pass_handles(&mut self, shape: Shape, words: &[Word], receiver: ProcessId) {
        let mut before = None;
        for (place, &handle) in words.iter().enumerate() {
            if shape.is_handle(place, before.replace(handle))
                && let Some((index, _)) = self.service_of(handle)
                && let Some(granted) = self.granted.get_mut(index.index())
            {
                granted.insert(receiver);
            }
        }
    }

    /// Ends the grants at once. Then refuses the calls in flight that were made by these grants. One system call
    /// examines only a few threads, so the owner repeats it, with the result in `words[1]`, until the result is 0.
    #[inline]
    fn revoke(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let [gate, from, ..] = *words;
        let process = self.current().rights.process;
        let Some((index, service)) = self.service_of(gate).filter(|it| it.1.owner == process)
        else {
            return CallError::NotPermitted.into();
        };
        if let Some(granted) = self.granted.get_mut(index.index()) {
            *granted = Set::EMPTY;
        }
        let threads = self.system.threads.len();
        // (The idle thread makes no calls.)
        let first = from.max(1).min(threads);
        let end = threads.min(first + EXPELLED);
        for thread in first..end {
            self.expel(ThreadId::new(thread), index, service);
        }
        words[1] = if end < threads { end } else { 0 };
        Status::OK
    }

    /// Refuses the calls of this service that the thread is in and that the wiring does not permit: waits in such a
    /// call fail, and then the call itself. If the thread waits for the object, it tries again, and finds that it may
    /// not call the object any more.
    #[inline]
    fn expel(&mut self, id: ThreadId, index: ServiceId, service: &Service) {
        if id == self.threads.current_id() {
            // The current thread is spared, because the method that revokes may itself run in a call by such a grant.
            return;
        }
        let may = service.callers | Set::of(service.owner);
        let is_stranger = |process| !may.contains(process);
        let thread = self.threads.get_mut(id);
        let mut waits_in_vain =
            thread.wait == Wait::Lock(service.lock) && is_stranger(thread.rights.process);
        let orphaned = thread.calls_from(|frame| {
            let is_refused = frame.service == index && is_stranger(frame.rights.process);
            if is_refused {
                frame.care |= REFUSED;
            }
            is_refused
        });
        if orphaned != 0 {
            thread.orphaned = thread.orphaned.max(orphaned);
            waits_in_vain |= thread.waits_in_vain();
        }
        if waits_in_vain {
            self.interrupt_wait(id);
        }
    }

    /// Counts the waits that still have to fail after the return from a refused call, because outer calls are refused,
    /// too, or have callers that are gone.
    #[inline]
    fn returned(&mut self) {
        let thread = self.threads.current();
        thread.orphaned = thread.calls_from(|frame| frame.care & (STALE | REFUSED) != 0);
    }

    /// In a firmware that has grants, does one piece of the work to end those of a process that is about to restart.
    #[inline(always)]
    pub(crate) fn end_some_grants(&mut self, process: ProcessId, piece: usize) {
        if let Some(grants) = self.grants {
            (grants.end)(self, process, piece);
        }
    }

    /// Ends the grants of the services of this process, and the grants that it has received, as far as they are in this
    /// piece of the table.
    #[inline]
    fn end_grants(&mut self, process: ProcessId, piece: usize) {
        let first = piece * CLEANED;
        let services = self.services.get(first..).unwrap_or_default();
        let granted = self.granted.get_mut(first..).unwrap_or_default();
        for (service, granted) in services.iter().zip(granted).take(CLEANED) {
            if service.owner == process {
                *granted = Set::EMPTY;
            }
            granted.remove(process);
        }
    }
}
