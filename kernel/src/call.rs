// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls and returns.
//!
//! The calling thread itself crosses into the process of the service. The data for its return (its stack pointer and
//! rights) are kept in a frame, in the kernel's memory. The callee's stack starts below the caller's part of the stack,
//! and that part is closed while the method runs. Nothing changes until every check has passed.
//!
//! A port may make plain calls and their returns by itself. For such a call the port checks the
//! [gate](crossgate_abi::table::Gate), which sums up the conditions that the core reads from the service and the
//! method.

use crate::Kernel;
use crate::effect::Effect;
use crate::frame::{Frame, HANDLES_OF_RESULTS, LOCKED, REFUSED, Rights, STALE};
use crate::grant::Grants;
use crate::lock::free_lock;
use crate::port::Port;
use crate::time::Deadline;
use crossgate_abi::table::{Method, Service};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, RESULT_WORDS, ServiceId, Shape, Status, Word,
};
use crossgate_protection::Unit;

/// The way into a method: all that the port needs to enter it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enter {
    /// The entry point.
    pub entry: Word,
    /// The object, which is the first argument.
    pub object: *mut (),
    /// The argument words. (Words that the method does not use have the values that the calling thread left in them.
    /// The kernel does not clear them.)
    pub words: [Word; ARGUMENT_WORDS],
    /// The first address above the callee's part of the stack.
    pub stack_top: Word,
    /// The rights of the callee.
    pub rights: Rights,
}

/// The way back from a method: all that the port needs to continue the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// The address at which the caller's registers are saved.
    pub stack_pointer: Word,
    /// The rights that the caller has again.
    pub rights: Rights,
    /// The status of the call.
    pub status: Status,
    /// The result words.
    pub words: [Word; RESULT_WORDS],
}

impl<P: Port> Kernel<P> {
    /// Makes a call of the current thread, whose registers are saved at `stack_pointer`. Returns the way into the
    /// method, or, if the thread does not enter it now, the effect instead.
    ///
    /// Nothing changes before all checks have passed.
    #[inline(always)]
    pub fn call(
        &mut self,
        stack_pointer: Word,
        selector: Word,
        words: &[Word; ARGUMENT_WORDS],
    ) -> Result<Enter, Effect> {
        let (index, service) = self.service_of(selector).ok_or(CallError::NoSuchService)?;
        let number = selector.wrapping_sub(service.gate.into());
        let method = service.methods.get(number).ok_or(CallError::NoSuchService)?;
        let thread = self.threads.current();
        // The saved stack pointer is needed if the call has to be made again.
        thread.stack_pointer = stack_pointer;
        let caller = thread.rights.process;
        // (`&` combines the two conditions without a branch between them.)
        if !(service.callers.contains(caller) & self.running.contains(service.owner)) {
            self.admit_by_grant(index, service)?;
        }
        let thread = self.threads.current();
        if thread.deadline == Deadline::OVER {
            return Err(CallError::DeadlineExceeded.into());
        }
        if thread.next_frame().is_none() {
            return Err(CallError::TooDeep.into());
        }
        let window = P::Unit::window(thread.stack, stack_pointer);
        if window.top < thread.stack.start + P::ENTRY_SIZE + Word::from(service.stack) {
            return Err(CallError::StackTooSmall.into());
        }
        let leases = self.take_leases(stack_pointer, method, words, service.owner)?;
        if let Some(grants) = self.grants_for(method) {
            (grants.check)(self, method.arguments, words, caller)?;
            if self.gives_way() {
                return Err(Effect::SWITCH);
            }
        }
        let mut care = 0;
        // The lock comes last, because taking it is a change. From here on the call is made.
        if service.has_lock() {
            self.take_lock(service.lock)?;
            care = LOCKED;
        }
        if let Some(grants) = self.grants_for(method) {
            (grants.pass)(self, method.arguments, words, service.owner);
            care |= method.results.kinds as u8 & HANDLES_OF_RESULTS;
        }
        let thread = self.threads.current();
        let caller = thread.rights;
        if let Some(frame) = thread.next_frame() {
            (frame.stack_pointer, frame.rights) = (stack_pointer, caller);
            (frame.service, frame.care) = (index, care);
        }
        let rights = Rights { process: service.owner, leases, window: window.registers };
        thread.enter(rights);
        Ok(Enter {
            entry: method.entry as Word,
            object: service.object,
            words: *words,
            stack_top: window.top,
            rights,
        })
    }

    /// Decides about a call of the current thread that the wiring does not permit, or whose server is not running.
    /// Admits the call only if a grant permits it and the server is running.
    #[cold]
    #[inline]
    fn admit_by_grant(&mut self, index: ServiceId, service: &Service) -> Result<(), Effect> {
        let caller = self.threads.current().rights.process;
        let granted = self.granted.get(index.index()).copied().unwrap_or_default();
        if !(service.callers | granted).contains(caller) {
            Err(CallError::NotPermitted.into())
        } else if !self.is_running(service.owner) {
            Err(self.call_later(service.owner))
        } else {
            Ok(())
        }
    }

    /// Returns the part of the kernel that passes on handles, if there are handles among the argument words of this
    /// method.
    #[inline(always)]
    fn grants_for(&self, method: &Method) -> Option<&'static Grants<P>> {
        self.grants.filter(|_| method.arguments.kinds & Method::HANDLES != 0)
    }

    /// Returns from the method that the current thread is in, if the call succeeded and the return has no duties.
    /// Otherwise changes nothing, and the port has to call [`leave_with_care`](Self::leave_with_care).
    #[inline]
    pub fn leave(&mut self, words: &[Word; ARGUMENT_WORDS]) -> Option<Return> {
        let thread = self.threads.current();
        let frame = thread.innermost()?;
        if frame.care != 0 || words[0] != 0 {
            return None;
        }
        let (stack_pointer, rights) = (frame.stack_pointer, frame.rights);
        thread.leave(rights);
        let words = [words[1], words[2]];
        Some(Return { stack_pointer, rights, status: Status::OK, words })
    }

    /// Returns from a method that failed, or whose return has duties (`Frame::care`); or handles a return outside of a
    /// call. If the thread goes back to its caller, the result is the reply, which the port delivers. In any case a
    /// context has to be loaded afterwards, because another thread may now be more urgent.
    #[inline(always)]
    pub fn leave_with_care(&mut self, words: &[Word; ARGUMENT_WORDS]) -> Option<Return> {
        let thread = self.threads.current();
        let callee = thread.rights.process;
        let Some(frame) = thread.pop() else {
            self.crash_by(Cause::ReturnWithoutCall);
            return None;
        };
        let Frame { stack_pointer, rights, care, .. } = frame;
        thread.stack_pointer = stack_pointer;
        if care & LOCKED != 0 {
            free_lock(self.services, self.locks, frame.service);
        }
        if care & (LOCKED | STALE) != 0 {
            // The return frees something that other threads may wait for.
            self.stir_current();
        }
        if frame.is_stale() {
            self.unwind_current();
            return None;
        }
        let results = [words[1], words[2]];
        let outcome = match words[0] {
            _ if care & REFUSED != 0 => {
                if let Some(grants) = self.grants {
                    (grants.returned)(self);
                }
                Err(CallError::Refused.into())
            }
            0 => match self.grants {
                Some(grants) if care & HANDLES_OF_RESULTS != 0 => {
                    let kinds = u16::from(care & HANDLES_OF_RESULTS);
                    let shape = Shape { words: RESULT_WORDS as u8, kinds };
                    let checked = (grants.check)(self, shape, &results, callee);
                    if checked.is_ok() {
                        (grants.pass)(self, shape, &results, rights.process);
                    }
                    checked.map_err(|_| CallError::BadReply.into())
                }
                _ => Ok(()),
            },
            status => Err(reported(status)),
        };
        let (status, words) = match outcome {
            Ok(()) => (Status::OK, results),
            Err(error) => (error, [0; RESULT_WORDS]),
        };
        Some(Return { stack_pointer, rights, status, words })
    }

    /// Refuses the call that the current thread is in, because it breaks the rules of the current process. The call
    /// will fail when the method returns, and the kernel records the caller, once for each call.
    #[inline]
    pub(crate) fn refuse(&mut self) -> Status {
        let thread = self.threads.current();
        let id = thread.id;
        let Some(frame) = thread.innermost_mut() else {
            return CallError::NotPermitted.into();
        };
        let is_told = frame.care & REFUSED != 0;
        frame.care |= REFUSED;
        let caller = frame.rights.process;
        if !is_told {
            let accuser = self.threads.current().rights.process.index();
            self.report(caller, id, Cause::Refused, accuser);
        }
        Status::OK
    }

    /// Returns the caller of the call that the current thread is in: the caller's process in the second word, and the
    /// life of that process in the third.
    #[inline]
    pub(crate) fn caller(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let Some(frame) = self.threads.current().innermost_mut() else {
            return CallError::NotPermitted.into();
        };
        words[1] = frame.rights.process.index();
        match &self.optional {
            Some(optional) => (optional.life_of_caller)(self, words),
            None => {
                words[2] = 0;
                Status::OK
            }
        }
    }
}

/// Returns the status of a call whose thunk, the server's code around the method, reports this status. A thunk may
/// report any error but `Refused`, which has a record. (It reports `BadArgument` if it refused an argument. That of a
/// service behind a link reports the error at the other end.)
#[inline]
fn reported(status: Word) -> Status {
    const { assert!(CallError::BadReply as Word + 1 == CallError::Refused as Word) }
    Status(status.min(CallError::BadReply as Word))
}
