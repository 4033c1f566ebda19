//! The system calls that need no file of their own.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::fault::Fault;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::time::microseconds;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, Status, Word, number};

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
