//! The system calls that need no file of their own.

use crate::fault::Fault;
use crate::port::Port;
use crate::{Effect, Kernel};
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, Status, Word, number};

/// How a system call ends; `None` if it does not now, because the thread waits, or has ended, or goes on
/// elsewhere.
pub(crate) type Outcome = Option<Status>;

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, makes a system call other than a
    /// return. Its results are in `words`, from the second one on.
    #[inline(never)]
    pub fn system_call(
        &mut self,
        stack_pointer: Word,
        number: Word,
        words: &mut [Word; ARGUMENT_WORDS],
    ) -> Effect {
        self.current().stack_pointer = stack_pointer;
        let outcome = self.outcome(number, words);
        let Effect { switch, .. } = self.reschedule();
        // Without an outcome the thread does not go on where it was, even if it is the next to run.
        outcome.map_or(Effect::SWITCH, |status| Effect { switch, ..Effect::reply(status) })
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
                Some(Status::OK)
            }
            number::SIGNAL => Some(self.signal_by_thread(first)),
            number::WAIT => self.wait(words),
            number::THREAD_ID => {
                words[1] = self.thread_id();
                Some(Status::OK)
            }
            number::EXIT => {
                self.exit();
                None
            }
            number::NOW => {
                let now = self.port.now();
                (words[1], words[2]) = (now as u32 as Word, (now >> 32) as Word);
                Some(Status::OK)
            }
            number::SLEEP => {
                let now = self.port.now();
                self.sleep_until(now.saturating_add(microseconds(first, second)))
            }
            number::SLEEP_UNTIL => self.sleep_until(microseconds(first, second)),
            number::ACKNOWLEDGE => Some(self.acknowledge(first)),
            number::MUTEX_WAIT => self.mutex_wait(first),
            number::MUTEX_WAKE => Some(self.mutex_wake(first)),
            number::PANIC => {
                let (file, file_length, line) = (first, second, third);
                self.crash_current(&Fault { file, file_length, line, ..Fault::of(Cause::Panic) });
                None
            }
            number::BEGIN => self.begin(),
            number::WORK => Some(self.work()),
            number::RESTART => self.supervise(first, false),
            number::STOP => self.supervise(first, true),
            number::REVOKE => {
                let nothing = Some(CallError::NotPermitted.into());
                self.grants.map_or(nothing, |grants| Some((grants.revoke)(self, first)))
            }
            number::LIMIT => {
                let nothing = Some(CallError::NotPermitted.into());
                self.limits.map_or(nothing, |limits| Some((limits.set)(self, words)))
            }
            number::REFUSE => Some(self.refuse()),
            number::CALLER => Some(self.caller(words)),
            number::READ_FAULT => Some(self.read_fault(words)),
            _ => Some(Status::NO_SUCH_SYSTEM_CALL),
        }
    }

    fn exit(&mut self) {
        if self.current().depth() == 0 {
            self.end(self.threads.current_id());
        } else {
            self.crash_current(&Fault::of(Cause::Exit));
        }
    }
}

/// A time that came in two words, the lower first.
#[inline(always)]
#[must_use]
pub fn microseconds(low: Word, high: Word) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}
