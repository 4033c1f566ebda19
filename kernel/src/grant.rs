// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to call a service that the wiring does not name for the process.
//!
//! A handle that travels as an argument or in a result is a capability: who has the right to call the
//! service gives it to who gets the handle. Grants are kept as one set of processes for each service,
//! so there are never more than fit. One ends when its receiver or the owner of the service goes down,
//! or when the owner revokes all.

use crate::Kernel;
use crate::frame::{REFUSED, STALE};
use crate::port::Port;
use crate::wait::Wait;
use crate::work::LOOKS;
use crossgate_abi::table::Service;
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, ProcessId, ServiceId, Set, Shape, Status, ThreadId, Word,
};

/// Returns whether a process may give away all handles that are among words of this shape.
type Check<P> = fn(&Kernel<P>, Shape, &[Word], ProcessId) -> Result<(), CallError>;

/// The code of handles that are passed on: a firmware without them does not carry it.
pub(crate) struct Grants<P: Port> {
    pub check: Check<P>,
    /// Lets a process call the services whose handles are among such words, which have been checked.
    pub pass: fn(&mut Kernel<P>, Shape, &[Word], ProcessId),
    /// The current process takes back all grants of one of its services.
    pub revoke: fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// The current thread has returned from a call that was refused.
    pub returned: fn(&mut Kernel<P>),
}

impl<P: Port> Grants<P> {
    pub const ALL: &Grants<P> = &Grants {
        check: Kernel::check_handles,
        pass: Kernel::pass_handles,
        revoke: Kernel::revoke,
        returned: Kernel::returned,
    };
}

impl<P: Port> Kernel<P> {
    fn check_handles(
        &self,
        shape: Shape,
        words: &[Word],
        giver: ProcessId,
    ) -> Result<(), CallError> {
        for place in shape.handles(words) {
            let handle = words.get(place).copied().unwrap_or(Word::MAX);
            let (index, service) = self.service_of(handle).ok_or(CallError::NotPermitted)?;
            let granted = self.granted.get(index.index()).copied().unwrap_or_default();
            let may = service.callers | granted | Set::of(service.owner);
            if !may.contains(giver) {
                return Err(CallError::NotPermitted);
            }
        }
        Ok(())
    }

    fn pass_handles(&mut self, shape: Shape, words: &[Word], receiver: ProcessId) {
        for place in shape.handles(words) {
            let handle = words.get(place).copied().unwrap_or(Word::MAX);
            if let Some((index, _)) = self.service_of(handle)
                && let Some(granted) = self.granted.get_mut(index.index())
            {
                granted.insert(receiver);
            }
        }
    }

    /// Ends the grants at once. Calls that others are in by them are refused, a few threads at a time.
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
        // (The idle thread calls nobody.)
        let first = from.max(1).min(threads);
        let end = threads.min(first + LOOKS);
        for thread in first..end {
            self.expel(ThreadId::new(thread), index, service);
        }
        words[1] = if end < threads { end } else { 0 };
        Status::OK
    }

    /// A thread that is in a call of this service which the wiring does not allow: the call fails, and before it so
    /// do waits in it. One that waits for the object finds out that it may not call it any more.
    fn expel(&mut self, id: ThreadId, index: ServiceId, service: &Service) {
        if id == self.threads.current_id() {
            // It may be the very call that revokes.
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

    /// Waits fail from now on only in calls to which nobody comes back, or that are refused, too.
    fn returned(&mut self) {
        let thread = self.threads.current();
        thread.orphaned = thread.calls_from(|frame| frame.care & (STALE | REFUSED) != 0);
    }

    /// A process goes down: grants of its services end, and those that it has got.
    pub(crate) fn end_grants(&mut self, process: ProcessId) {
        for (service, granted) in self.services.iter().zip(self.granted.iter_mut()) {
            if service.owner == process {
                *granted = Set::EMPTY;
            }
            granted.remove(process);
        }
    }
}
