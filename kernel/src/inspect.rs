//! What threads and processes do, for who may ask.
//!
//! A process that the wiring gives the right to looks at one thing a system call, which takes a short time whatever
//! there is to see; of a stack, at a few words. It sees nobody's memory, and changes nothing.

use crate::Kernel;
use crate::port::Port;
use crate::thread::{ThreadId, Wait};
use crossgate_abi::inspect::{
    CALLS, FAULT, PROCESS, STACK, THREAD, TIME_OF_PROCESS, TIME_OF_THREAD, state, wait,
};
use crossgate_abi::{ARGUMENT_WORDS, CallError, LIMIT_UNIT, NOBODY, Status, Word};

/// What only a firmware needs in which some process may inspect. Others don't carry the code.
pub(crate) struct Inspection<P: Port> {
    /// The current process asks.
    // It is called as `Limits::set` is, so that both take the same code.
    pub ask: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
}

impl<P: Port> Inspection<P> {
    pub const ALL: &Inspection<P> = &Inspection { ask: Kernel::inspect };
}

impl<P: Port> Kernel<P> {
    extern "C" fn inspect(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().level.process;
        if self.system.inspectors.rotate_right(process.into()) & 1 == 0 {
            return CallError::NotPermitted.into();
        }
        let [subject, index, from, _] = *words;
        let seen = match subject {
            THREAD => self.thread_of(index).map(|id| self.look_at_thread(id)),
            CALLS => self.thread_of(index).map(|id| self.look_at_calls(id)),
            STACK => self.thread_of(index).map(|id| {
                let stack = self.threads.get(id).stack;
                self.port.stack_use(stack, from)
            }),
            PROCESS => self.look_at_process(index),
            TIME_OF_THREAD => self.time_of_thread(index).map(halves),
            TIME_OF_PROCESS => self.time_of_process(index).map(halves),
            FAULT => {
                (words[0], words[1]) = (index, from);
                return self.copy_fault(words);
            }
            _ => None,
        };
        match seen {
            Some([first, second]) => {
                (words[1], words[2]) = (first, second);
                Status::OK
            }
            None => Status::NO_SUCH_RECORD,
        }
    }

    fn thread_of(&self, index: Word) -> Option<ThreadId> {
        (index < self.system.threads.len()).then_some(ThreadId::new(index))
    }

    fn look_at_thread(&self, id: ThreadId) -> [Word; 2] {
        let thread = self.threads.get(id);
        let holder = thread.blocked_on.map_or(NOBODY.into(), ThreadId::index);
        let (kind, what) = match thread.wait {
            Wait::Nothing => (wait::NOTHING, 0),
            Wait::Time => (wait::TIME, 0),
            Wait::Notifications(set) => (wait::NOTIFICATIONS, set as Word),
            Wait::Lock(lock) => (wait::LOCK, holder | Word::from(lock) << 8),
            Wait::Mutex(_) => (wait::MUTEX, holder),
            Wait::Memory => (wait::MEMORY, holder),
            Wait::Ended => (wait::ENDED, 0),
        };
        let who = [kind, thread.level.process, thread.priority, thread.depth()];
        [u32::from_le_bytes(who) as Word, what]
    }

    fn look_at_calls(&self, id: ThreadId) -> [Word; 2] {
        let thread = self.threads.get(id);
        let mut chain = 0;
        for frame in thread.frames.get(..thread.depth().into()).unwrap_or(&[]).iter().rev() {
            chain = chain << 8 | u64::from(frame.service);
        }
        halves(chain)
    }

    pub(crate) fn look_at_process(&self, index: Word) -> Option<[Word; 2]> {
        let process = self.states.get(index)?;
        let state = match (process.stopped, self.is_running(index as u8)) {
            (true, _) => state::STOPPED,
            (false, true) => state::RUNNING,
            (false, false) => state::RESETTING,
        };
        let crashed_at = (process.crashed_at / LIMIT_UNIT) as u32;
        Some([Word::from(state) | Word::from(process.crashes) << 8, crashed_at as Word])
    }
}

/// A long number as two words.
fn halves(number: u64) -> [Word; 2] {
    [number as u32 as Word, (number >> 32) as Word]
}
