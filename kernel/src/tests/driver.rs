// SPDX-License-Identifier: MIT OR Apache-2.0
//! A driver of the kernel under test: it does the work of a port, and returns the kernel's answers.

use super::*;
use crate::fault::who;
use crossgate_abi::Cause;

/// Returns the results of a system call that has succeeded: as many words as the list of system calls says. Checks that
/// the kernel has not changed the words after them.
fn results(number: Word, asked: [Word; 4], [_, first, second, _]: [Word; 4]) -> [Word; 2] {
    let call = SystemCall::from_number(number);
    let listed = call.and_then(|call| call.signature().results).map_or(0, <[_]>::len);
    let is_short = number == number::SET_DEADLINE && asked[0] & DEADLINE_WITHIN == 0;
    let count = if is_short { 1 } else { listed };
    assert!(count > 0 || first == asked[1], "{call:?} returns a word, the list says none");
    assert!(count > 1 || second == asked[2], "{call:?} returns two words, the list says fewer");
    [if count > 0 { first } else { 0 }, if count > 1 { second } else { 0 }]
}

/// The thread enters a method, or leaves one: the port knows where it continues.
pub const CONTINUE: Effect = Effect { switch: false, ..Effect::SWITCH };

/// A kernel and the actions of its port.
pub struct Driver {
    pub kernel: Kernel<TestPort>,
    /// True if the worker does all of its work at once whenever it has some, so that no interrupt arrives in between.
    pub settles: bool,
    /// True if the port has given way to an interrupt after the last event: it has not loaded a context, so no thread
    /// runs.
    pub gave_way: bool,
}

impl Driver {
    /// Returns the index of the current thread.
    pub fn current(&self) -> usize {
        self.kernel.threads.current_id().index()
    }

    pub fn thread(&self, index: usize) -> &Thread<ArmV8M> {
        self.kernel.threads.get(ThreadId::new(index))
    }

    /// Returns the address of the current thread's saved registers when it has used `used` bytes of its stack since it
    /// started, or since it entered the method that it is in.
    pub fn stack_pointer(&mut self, used: Word) -> Word {
        self.kernel.current().window_top() - used
    }

    /// Reports an event to the kernel. If the worker runs next, it then does all deferred work.
    pub fn after(&mut self, event: impl FnOnce(&mut Kernel<TestPort>) -> Effect) -> Effect {
        let before = self.current();
        let effect = event(&mut self.kernel);
        self.gave_way = effect.switch && self.kernel.port.interrupt_is_pending();
        if effect.switch && !self.gave_way {
            self.kernel.reschedule();
        }
        if !self.settles || self.current() != 0 {
            return effect;
        }
        while self.current() == 0 && self.thread(0).priority != 0 {
            let stack_pointer = self.stack_pointer(128);
            let _ = self.kernel.system_call(stack_pointer, number::WORK, &mut [0; 4]);
            self.kernel.reschedule();
        }
        let switch = effect.status().is_none() || self.current() != before;
        Effect { switch, ..effect }
    }

    /// Reports an event that is not a system call. A context is always loaded afterwards.
    pub fn event(&mut self, event: impl FnOnce(&mut Kernel<TestPort>)) {
        let _ = self.after(|kernel| {
            event(kernel);
            Effect::SWITCH
        });
    }

    /// Handles interrupts of the timer until the kernel has looked at all threads.
    pub fn timer(&mut self) {
        self.event(|kernel| {
            kernel.timer();
            while kernel.checked != 0 {
                kernel.reschedule();
                kernel.timer();
            }
        });
    }

    /// Does all deferred work.
    pub fn settle(&mut self) {
        while self.kernel.piece() {}
    }

    /// Makes a system call of the current thread.
    pub fn ask(&mut self, number: Word, mut words: [Word; 4]) -> Answer {
        let stack_pointer = self.stack_pointer(128);
        let asked = words;
        let effect = self.after(|kernel| kernel.system_call(stack_pointer, number, &mut words));
        let results = match effect.status() {
            Some(Status::OK) => results(number, asked, words),
            _ => [0; 2],
        };
        let reply = effect.status().map(|status| Reply { status, words: results });
        Answer { reply, switch: effect.switch }
    }

    /// Makes the current thread call the first method of a service.
    pub fn call(&mut self, service: usize, words: [Word; 4]) -> Result<Enter, Answer> {
        let stack_pointer = self.stack_pointer(128);
        let mut called = Err(CONTINUE);
        let effect = self.after(|kernel| {
            called = kernel.call(stack_pointer, number::call(service, 0), &words);
            called.err().unwrap_or(CONTINUE)
        });
        called.map_err(|_| effect.into())
    }

    pub fn leave(&mut self) -> Result<Return, Answer> {
        self.leave_with(0)
    }

    /// Makes the current thread return with this status.
    pub fn leave_with(&mut self, status: Word) -> Result<Return, Answer> {
        self.leave_with_words([status, 7, 8, 9])
    }

    /// Makes the current thread return with these words.
    pub fn leave_with_words(&mut self, words: [Word; 4]) -> Result<Return, Answer> {
        if let Some(left) = self.kernel.leave(&words) {
            return Ok(left);
        }
        let mut left = None;
        self.event(|kernel| left = kernel.leave_with_care(&words));
        left.ok_or(SWITCHED)
    }

    /// Makes a process crash, as the core does if a thread has faulted or is late.
    pub fn crash(&mut self, thread: usize, process: usize, cause: Cause) {
        let (thread, process) = (ThreadId::new(thread), ProcessId::new(process));
        self.kernel.record(who(process, thread, cause), 0, 0);
        self.kernel.crash(process);
    }

    /// Takes a process down, as the core does for the supervisor.
    pub fn take_down(&mut self, process: usize, stopped: bool) {
        self.kernel.take_down(ProcessId::new(process), Some(stopped));
    }

    /// Returns the record of fault `sequence`.
    pub fn record(&self, sequence: usize) -> FaultRecord {
        let word = |index| self.kernel.faults[0].word(sequence, index).unwrap();
        crossgate::fault::decode(&core::array::from_fn(word))
    }

    /// Returns the record of a call that was refused, if there is one.
    pub fn refusal(&self, sequence: usize) -> Option<FaultRecord> {
        let faults = &self.kernel.faults[1];
        faults.word(sequence, 0)?;
        let word = |index| faults.word(sequence, index).unwrap();
        Some(crossgate::fault::decode(&core::array::from_fn(word)))
    }

    /// Returns the work that is pending for the current thread, which runs now.
    pub fn pending(&mut self) -> Option<Pending> {
        Some(self.kernel.current().take_pending()).filter(|&pending| pending != Pending::Nothing)
    }

    /// Returns the path of a thread: its home, and the process of each call in flight.
    pub fn path(&self, index: usize) -> Vec<u8> {
        let thread = self.thread(index);
        let frames = thread.frames.iter().take(usize::from(thread.depth()));
        frames
            .map(|frame| frame.rights)
            .chain([thread.rights])
            .map(|it| it.process.number())
            .collect()
    }
}

/// The end of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: Status,
    pub words: [Word; 2],
}

impl Reply {
    pub const OK: Reply = Reply { status: Status::OK, words: [0; 2] };
}

/// An effect, with the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub reply: Option<Reply>,
    pub switch: bool,
}

impl From<Effect> for Answer {
    fn from(effect: Effect) -> Answer {
        let reply = effect.status().map(|status| Reply { status, words: [0; 2] });
        Answer { reply, switch: effect.switch }
    }
}

/// The system call does not end now, and another context is loaded.
pub const SWITCHED: Answer = Answer { reply: None, switch: true };

pub const OK: Answer = Answer { reply: Some(Reply::OK), switch: false };

/// The system call ends, and another thread runs.
pub const DONE_AND_SWITCHED: Answer = Answer { reply: Some(Reply::OK), switch: true };

pub fn word(word: Word) -> Answer {
    let reply = Reply { status: Status::OK, words: [word, 0] };
    Answer { reply: Some(reply), switch: false }
}

pub fn status(status: Status) -> Answer {
    Answer { reply: Some(Reply { status, words: [0; 2] }), switch: false }
}

pub fn error(error: CallError) -> Answer {
    status(error.into())
}
