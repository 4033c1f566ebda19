//! The system calls that need no file of their own.

use crate::fault::Fault;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::{Effect, Kernel};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, Status, Word, number};

/// How a system call ends, if it does now. It does not if the thread waits, or has ended, or goes on elsewhere.
// A byte, so that it fits a register, and an effect does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome(u8);

impl Outcome {
    /// It does not end now. (No status has this number.)
    pub const NONE: Outcome = Outcome(u8::MAX);

    /// It ends like this.
    pub const fn of(status: Status) -> Outcome {
        Outcome(status.0 as u8)
    }

    /// The same as a status, to be made an outcome again.
    pub const fn as_status(self) -> Status {
        Status(self.0 as Word)
    }

    /// How it ends, if it does now.
    #[inline(always)]
    pub fn status(self) -> Option<Status> {
        (self != Outcome::NONE).then_some(Status(self.0.into()))
    }
}

impl<T: Into<Status>> From<T> for Outcome {
    #[inline(always)]
    fn from(end: T) -> Outcome {
        Outcome::of(end.into())
    }
}

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, makes a system call other than a
    /// return. Its results are in `words`, from the second one on.
    #[inline(always)]
    pub fn system_call(
        &mut self,
        stack_pointer: Word,
        number: Word,
        words: &mut [Word; ARGUMENT_WORDS],
    ) -> Effect {
        self.current().stack_pointer = stack_pointer;
        let outcome = self.outcome(number, words);
        let Effect { switch, .. } = self.reschedule();
        // Without an end the thread does not go on where it was, even if it is the next to run.
        Effect { switch: switch || outcome == Outcome::NONE, outcome }
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn thread_id(&self) -> Word {
        self.threads.current_id().index()
    }

    #[inline(always)]
    fn outcome(&mut self, number: Word, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [first, second, third, _] = *words;
        match number {
            number::YIELD => {
                self.ready.rotate(self.threads.current());
                Status::OK.into()
            }
            number::SIGNAL => self.signal_by_thread(first).into(),
            number::WAIT => self.wait(words),
            number::THREAD_ID => {
                words[1] = self.thread_id();
                Status::OK.into()
            }
            number::EXIT => self.exit(),
            number::NOW => {
                let now = self.port.now();
                (words[1], words[2]) = (now as u32 as Word, (now >> 32) as Word);
                Status::OK.into()
            }
            number::SLEEP => {
                let deadline = self.after(microseconds(first, second));
                self.sleep_until(deadline)
            }
            number::SLEEP_UNTIL => self.sleep_until(microseconds(first, second)),
            number::ACKNOWLEDGE => self.acknowledge(first).into(),
            number::MUTEX_WAIT => self.mutex_wait(first),
            number::MUTEX_WAKE => self.mutex_wake(first).into(),
            number::PANIC => {
                let (file, file_length, line) = (first, second, third);
                self.crash_current(&Fault { file, file_length, line, ..Fault::of(Cause::Panic) });
                Outcome::NONE
            }
            number::BEGIN => self.begin(),
            // For others there is no such call.
            number::WORK if self.threads.current_id() == ThreadId::IDLE && self.piece() => {
                Status::OK.into()
            }
            number::RESTART => self.supervise(first, false),
            number::STOP => self.supervise(first, true),
            number::REVOKE => self.grants.map_or(CallError::NotPermitted.into(), |grants| {
                (grants.revoke)(self, words).into()
            }),
            number::LIMIT => self
                .limits
                .map_or(CallError::NotPermitted.into(), |limits| (limits.set)(self, words).into()),
            // Where nobody may, there is no such call.
            number::OPTIONAL if let Some(optional) = &self.optional => {
                (optional.call)(self, words).into()
            }
            number::REFUSE => self.refuse().into(),
            number::CALLER => self.caller(words).into(),
            number::READ_FAULT => self.read_fault(words).into(),
            _ => Status::NO_SUCH_SYSTEM_CALL.into(),
        }
    }

    fn exit(&mut self) -> Outcome {
        if self.current().depth() == 0 {
            self.end(self.threads.current_id());
        } else {
            self.crash_current(&Fault::of(Cause::Exit));
        }
        Outcome::NONE
    }
}

/// A time that came in two words, the lower first.
#[inline(always)]
#[must_use]
pub fn microseconds(low: Word, high: Word) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}
