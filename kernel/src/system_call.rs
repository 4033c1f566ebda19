//! The system calls that need no file of their own.

use crate::fault::Location;
use crate::port::Port;
use crate::{Effect, Kernel, Reply};
use crossgate_abi::{ARGUMENT_WORDS, Cause, Status, Word, number};

/// How a system call ends: with a reply now, or with none because the thread waits or has ended.
pub(crate) type Outcome = Option<Reply>;

impl<P: Port> Kernel<P> {
    /// The current thread, whose registers are saved at `stack_pointer`, makes a system call other than
    /// those that have a function of their own.
    #[inline(never)]
    pub fn system_call(
        &mut self,
        stack_pointer: Word,
        number: Word,
        words: &[Word; ARGUMENT_WORDS],
    ) -> Effect {
        self.current().stack_pointer = stack_pointer;
        let reply = self.outcome(number, words);
        // Without a reply the thread does not go on where it was, even if it is the next to run.
        let switch = self.switch() || reply.is_none();
        Effect { reply, switch }
    }

    /// The index of the current thread.
    #[inline(always)]
    #[must_use]
    pub fn thread_id(&self) -> Word {
        self.threads.current_id().index()
    }

    /// The current thread, whose registers are saved at `stack_pointer`, lets others run.
    #[inline(always)]
    pub fn yield_now(&mut self, stack_pointer: Word) {
        let thread = self.threads.current();
        thread.stack_pointer = stack_pointer;
        self.ready.rotate(thread);
        self.switch();
    }

    #[inline(always)]
    fn outcome(&mut self, number: Word, words: &[Word; ARGUMENT_WORDS]) -> Outcome {
        let [first, second, third, _] = *words;
        match number {
            number::EXIT => {
                self.exit();
                None
            }
            number::NOW => {
                let now = self.port.now();
                let words = [now as u32 as Word, (now >> 32) as Word];
                Some(Reply { status: Status::OK, words })
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
                let location = Location { file: first, file_length: second, line: third };
                self.stop_current(Cause::Panic, 0, 0, location);
                None
            }
            number::READ_FAULT => Some(self.read_fault(first, second)),
            _ => Some(Reply::status(Status::NO_SUCH_SYSTEM_CALL)),
        }
    }

    fn exit(&mut self) {
        if self.current().depth == 0 {
            self.end(self.threads.current_id());
        } else {
            self.stop_current(Cause::Exit, 0, 0, Location::default());
        }
    }
}

/// A time that came in two words, the lower first.
#[inline(always)]
#[must_use]
pub fn microseconds(low: Word, high: Word) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}
