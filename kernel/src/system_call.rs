// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dispatch of the system calls, and the bodies of those that need no file of their own.

use crate::Kernel;
use crate::effect::{Effect, Outcome};
use crate::fault::Panic;
use crate::port::Port;
use crate::time::microseconds;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Cause, Status, SystemCall, ThreadId, Word};

impl<P: Port> Kernel<P> {
    /// Handles a system call of the current thread that is neither a call of a method nor a return. The registers of
    /// the thread are saved at `stack_pointer`. The results are in `words`, from the second word on.
    #[inline(always)]
    pub fn system_call(
        &mut self,
        stack_pointer: Word,
        number: Word,
        words: &mut [Word; ARGUMENT_WORDS],
    ) -> Effect {
        self.current().stack_pointer = stack_pointer;
        let outcome = self.outcome(number, words);
        // Without an outcome the thread does not continue where it was, even if it runs next.
        Effect { switch: outcome == Outcome::NONE || self.is_preempted(), outcome }
    }

    #[inline(always)]
    fn outcome(&mut self, number: Word, words: &mut [Word; ARGUMENT_WORDS]) -> Outcome {
        let [first, second, third, _] = *words;
        let Some(call) = SystemCall::from_number(number) else {
            return Status::NO_SUCH_SYSTEM_CALL.into();
        };
        // There is no arm for `_`, so that a system call without an action here does not compile.
        match call {
            SystemCall::Yield => {
                self.ready.rotate(self.threads.current());
                Status::OK.into()
            }
            SystemCall::SendSignal => self.signal_by_thread(first),
            SystemCall::Wait => self.wait(words),
            SystemCall::ThreadId => {
                words[1] = self.thread_id();
                Status::OK.into()
            }
            SystemCall::Exit => self.exit(),
            SystemCall::Now => {
                let now = self.port.now();
                (words[1], words[2]) = (now as u32 as Word, (now >> 32) as Word);
                Status::OK.into()
            }
            SystemCall::Sleep => {
                let wake_at = self.after(microseconds(first, second));
                self.sleep_until(wake_at)
            }
            SystemCall::SleepUntil => self.sleep_until(microseconds(first, second)),
            SystemCall::Acknowledge => self.acknowledge(first).into(),
            SystemCall::MutexWait => self.mutex_wait(first),
            SystemCall::MutexWake => self.mutex_wake(first).into(),
            SystemCall::Panic => {
                let (file, file_length, line) = (first, second, third);
                if !self.gives_way() {
                    let panic = Panic { file, file_length, line };
                    self.crash_current(Cause::Panic, 0, 0, Some(&panic));
                }
                Outcome::NONE
            }
            SystemCall::Begin => self.begin(),
            // For other threads no such call exists.
            SystemCall::Work if self.threads.current_id() == ThreadId::IDLE && self.piece() => {
                Status::OK.into()
            }
            SystemCall::Restart => self.supervise(first, false),
            SystemCall::Stop => self.supervise(first, true),
            SystemCall::Revoke => self.grants.map_or(CallError::NotPermitted.into(), |grants| {
                (grants.revoke)(self, words).into()
            }),
            SystemCall::SetDeadline => {
                self.deadlines.map_or(CallError::NotPermitted.into(), |deadlines| {
                    (deadlines.set)(self, words).into()
                })
            }
            // If the firmware has no optional part, no such call exists.
            SystemCall::Optional if let Some(optional) = &self.optional => {
                (optional.call)(self, words).into()
            }
            SystemCall::Refuse => self.refuse().into(),
            SystemCall::Caller => self.caller(words).into(),
            SystemCall::ReadFault => self.read_fault(words).into(),
            // (A port reports returns in another way.)
            SystemCall::Return | SystemCall::Work | SystemCall::Optional => {
                Status::NO_SUCH_SYSTEM_CALL.into()
            }
        }
    }

    #[inline]
    fn exit(&mut self) -> Outcome {
        if self.current().depth() == 0 {
            self.end(self.threads.current_id());
        } else {
            self.crash_by(Cause::Exit);
        }
        Outcome::NONE
    }
}
