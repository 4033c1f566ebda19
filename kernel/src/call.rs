//! A call and its return.
//!
//! The calling thread itself crosses into the process of the service. What it needs to come back
//! (its stack pointer and process) is kept here, in the kernel's memory, in a [`Frame`]; the
//! caller's part of the stack is closed while the method runs, because the callee's stack starts
//! below it. Nothing changes until every check has passed.

use crate::lease::Lease;
use crate::port::Port;
use crate::thread::LEASES;
use crate::{Effect, Kernel, Reply};
use crossgate_abi::table::{Method, NO_LOCK, Service};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, Kind, LEASES_PER_CALL, Status, Word};

/// What the kernel remembers of a call in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Where the caller's registers are saved.
    pub stack_pointer: Word,
    /// The service that was called.
    pub service: u16,
    /// The process that called it.
    pub process: u8,
    /// How many leases the thread held before.
    pub leases: u8,
}

impl Frame {
    pub const EMPTY: Frame = Frame { stack_pointer: 0, service: 0, process: 0, leases: 0 };
}

/// How to enter a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<Window> {
    /// Where.
    pub entry: Word,
    /// The object: its first argument.
    pub object: *mut (),
    /// The argument words; those that the method does not use are 0.
    pub words: [Word; ARGUMENT_WORDS],
    /// The process to be in.
    pub process: u8,
    /// The part of the stack that is the callee's.
    pub window: Window,
}

/// How to go on after a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit<Window> {
    /// Where the caller's registers are saved.
    pub stack_pointer: Word,
    /// The process to be in.
    pub process: u8,
    /// The part of the stack that is the caller's again.
    pub window: Window,
    /// What the call brings back.
    pub reply: Reply,
}

/// Why a call is not made now.
pub(crate) enum Refusal {
    /// It never will be.
    Error(CallError),
    /// Another thread is in the object that this lock protects.
    Busy(u8),
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Refusal {
        Refusal::Error(error)
    }
}

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, calls a method. If it does not
    /// enter it now, something else has to be done.
    #[inline(always)]
    pub fn call(
        &mut self,
        stack_pointer: Word,
        selector: Word,
        words: [Word; ARGUMENT_WORDS],
    ) -> Result<Entry<P::Window>, Effect> {
        self.admit(stack_pointer, selector, words).map_err(|refusal| match refusal {
            Refusal::Error(error) => Effect::Resume(Reply::error(error)),
            Refusal::Busy(lock) => self.wait_for_lock(stack_pointer, lock),
        })
    }

    /// Checks everything about a call, then makes it.
    #[inline(always)]
    fn admit(
        &mut self,
        stack_pointer: Word,
        selector: Word,
        words: [Word; ARGUMENT_WORDS],
    ) -> Result<Entry<P::Window>, Refusal> {
        let index = selector >> 8;
        let service = self.services.get(index).ok_or(CallError::NoSuchService)?;
        let method = service.methods.get(selector & 0xff).ok_or(CallError::NoSuchMethod)?;
        let mut thread = self.threads.get_mut(self.current);
        let caller = thread.process;
        if !may_call(service, caller) {
            return Err(CallError::NotPermitted.into());
        }
        if self.stopped >> (service.owner & 31) & 1 != 0 {
            return Err(CallError::ServerDown.into());
        }
        let depth = usize::from(thread.depth);
        if depth >= thread.frames.len() {
            return Err(CallError::TooDeep.into());
        }
        let window = P::window(thread.stack, stack_pointer);
        let needed = P::ENTRY_SIZE + Word::from(service.stack);
        if P::top(window) < thread.stack.start + needed {
            return Err(CallError::StackTooSmall.into());
        }
        let leases = thread.lease_count;
        if method.arguments.kinds != 0 || service.lock != NO_LOCK {
            self.take_leases_and_lock(stack_pointer, service, method, words)?;
            thread = self.threads.get_mut(self.current);
        }
        if let Some(frame) = thread.frames.get_mut(depth) {
            *frame = Frame { stack_pointer, service: index as u16, process: caller, leases };
        }
        thread.depth = (depth + 1) as u8;
        thread.process = service.owner;
        Ok(Entry {
            entry: method.entry as Word,
            object: service.object,
            words: used(words, method.arguments.words),
            process: service.owner,
            window,
        })
    }

    /// What only some calls need.
    #[inline(never)]
    fn take_leases_and_lock(
        &mut self,
        stack_pointer: Word,
        service: &Service,
        method: &Method,
        words: [Word; ARGUMENT_WORDS],
    ) -> Result<(), Refusal> {
        let held = self.current().lease_count;
        self.check_leases(stack_pointer, method, words)?;
        // Last, because only a lock that the call really takes has to be given back.
        if service.lock != NO_LOCK {
            self.take_lock(service.lock).inspect_err(|_| self.current().lease_count = held)?;
        }
        Ok(())
    }

    /// Checks the leases among the argument words, and puts them in force.
    fn check_leases(
        &mut self,
        stack_pointer: Word,
        method: &Method,
        words: [Word; ARGUMENT_WORDS],
    ) -> Result<(), CallError> {
        let shape = method.arguments;
        let mut leases = [Lease::EMPTY; LEASES_PER_CALL];
        let mut count = 0;
        for (index, pair) in words.windows(2).enumerate() {
            let (Some(&address), Some(&length)) = (pair.first(), pair.get(1)) else { continue };
            let lease = match shape.kind(index) {
                Kind::Read => self.lend(stack_pointer, address, length, false)?,
                Kind::Write => self.lend(stack_pointer, address, length, true)?,
                _ => None,
            };
            if let Some(lease) = lease {
                *leases.get_mut(count).ok_or(CallError::BadLease)? = lease;
                count += 1;
            }
        }
        let thread = self.current();
        let held = usize::from(thread.lease_count);
        if held + count > LEASES {
            return Err(CallError::TooDeep);
        }
        for (slot, lease) in thread.leases.iter_mut().skip(held).zip(leases).take(count) {
            *slot = lease;
        }
        thread.lease_count = (held + count) as u8;
        Ok(())
    }

    /// The current thread returns from the method that it is in. If it can't go back to the caller
    /// now, something else has to be done.
    #[inline(always)]
    pub fn leave(&mut self, status: Word, words: [Word; 2]) -> Result<Exit<P::Window>, Effect> {
        let thread = self.threads.get_mut(self.current);
        let depth = usize::from(thread.depth).wrapping_sub(1);
        let Some(&frame) = thread.frames.get(depth) else {
            return Err(self.fault(Cause::ReturnWithoutCall, 0, 0));
        };
        thread.depth = depth as u8;
        thread.process = frame.process;
        thread.lease_count = frame.leases;
        let lock = self.services.get(usize::from(frame.service)).map_or(NO_LOCK, |it| it.lock);
        let reply = Reply { status: refused(status), words };
        if lock != NO_LOCK || self.stopped >> (frame.process & 31) & 1 != 0 {
            self.leave_with_care(frame, lock, reply)?;
        }
        let window = self.threads.get(self.current).window::<P>();
        Ok(Exit { stack_pointer: frame.stack_pointer, process: frame.process, window, reply })
    }

    /// The end of a method when others wait for the object, or its caller has been stopped.
    #[inline(never)]
    fn leave_with_care(&mut self, frame: Frame, lock: u8, reply: Reply) -> Result<(), Effect> {
        let waited_for = lock != NO_LOCK && self.release_lock(lock);
        if self.is_stopped(frame.process) {
            return Err(self.unwind_current());
        }
        if waited_for {
            self.current().stack_pointer = frame.stack_pointer;
            if let switch @ Effect::Switch = self.finish(reply) {
                return Err(switch);
            }
        }
        Ok(())
    }
}

/// Whether the wiring lets `process` call `service`.
#[inline(always)]
fn may_call(service: &Service, process: u8) -> bool {
    service.callers >> (process & 31) & 1 != 0
}

/// A thunk may say that it refused an argument. Any other failure is not its to tell.
#[inline(always)]
fn refused(status: Word) -> Status {
    if status == 0 {
        Status::OK
    } else if Status(status) == CallError::BadArgument.into() {
        CallError::BadArgument.into()
    } else {
        CallError::BadReply.into()
    }
}

/// The first `count` words; the others are 0, whatever the caller had in its registers.
#[inline(always)]
fn used(mut words: [Word; ARGUMENT_WORDS], count: u8) -> [Word; ARGUMENT_WORDS] {
    for (index, word) in words.iter_mut().enumerate() {
        if index >= usize::from(count) {
            *word = 0;
        }
    }
    words
}
