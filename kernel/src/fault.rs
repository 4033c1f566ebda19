//! What is noted of a crash, and who is told.
//!
//! The process [goes down](crate::process). A thread that was visiting it goes back to the nearest
//! caller outside, with [`ServerFaulted`](CallError::ServerFaulted); so does, later, one that returns
//! into it from a process further on. Every other process goes on, and the one that the wiring names
//! is told.

use crate::port::Port;
use crate::thread::{ThreadId, Wait};
use crate::{Effect, Kernel};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, FAULT_RECORDS as RECORDS, FaultRecord, Status, Word,
};

/// The faults so far.
pub struct Faults {
    records: [[Word; FaultRecord::WORDS]; RECORDS],
    count: usize,
}

impl Faults {
    pub(crate) const fn new() -> Faults {
        Faults { records: [[0; FaultRecord::WORDS]; RECORDS], count: 0 }
    }

    /// A word of the record of fault `sequence`, if there is one and it is not overwritten.
    pub(crate) fn word(&self, sequence: usize, index: usize) -> Option<Word> {
        let kept = sequence < self.count && self.count - sequence <= RECORDS;
        self.records.get(sequence % RECORDS).filter(|_| kept)?.get(index).copied()
    }
}

/// What happened. Everything is 0 where it is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub cause: Cause,
    /// The address of the instruction.
    pub instruction: Word,
    /// What it tried to access.
    pub address: Word,
    /// Where a panic happened, as user code told it.
    pub file: Word,
    pub file_length: Word,
    pub line: Word,
}

impl Fault {
    /// A fault of which nothing more is known than that a thread left.
    pub const NOWHERE: Fault =
        Fault { cause: Cause::Exit, instruction: 0, address: 0, file: 0, file_length: 0, line: 0 };
}

impl<P: Port> Kernel<P> {
    /// The current process did something that it must not do, at `instruction`; `address` is what
    /// it tried to access. Both are 0 where that is unknown.
    pub fn fault(&mut self, cause: Cause, instruction: Word, address: Word) -> Effect {
        self.crash_current(&Fault { cause, instruction, address, ..Fault::NOWHERE });
        self.reload()
    }

    /// The current process crashed. Notes it, takes the process down, and tells who is to be told.
    #[inline(never)]
    pub(crate) fn crash_current(&mut self, fault: &Fault) {
        self.record(fault);
        let faulted = self.current().level.process;
        self.crash(faulted);
        if let Some(watch) = &self.system.fault_watch {
            self.signal(usize::from(watch.notification));
        }
    }

    pub(crate) fn record(&mut self, fault: &Fault) {
        let thread = self.threads.current();
        let mut chain = [0; crossgate_abi::MAX_CALL_DEPTH];
        let frames = thread.frames.get(..thread.depth.into()).unwrap_or(&[]);
        for (slot, frame) in chain.iter_mut().zip(frames) {
            *slot = frame.service;
        }
        let name = crate::memory::Span::new(fault.file, fault.file_length);
        let known = name.is_some_and(|name| self.flash.contains(name));
        let record = FaultRecord {
            process: thread.level.process,
            thread: thread.id.index() as u8,
            cause: fault.cause,
            depth: thread.depth,
            chain,
            address: fault.address,
            instruction: fault.instruction,
            file: if known { fault.file } else { 0 },
            file_length: if known { fault.file_length } else { 0 },
            line: fault.line,
        };
        if let Some(slot) = self.faults.records.get_mut(self.faults.count % RECORDS) {
            *slot = record.words();
        }
        self.faults.count += 1;
    }

    /// The process that may read records reads word `words[1]` of that of fault `words[0]`.
    pub(crate) fn read_fault(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().level.process;
        let watcher = self.system.fault_watch.as_ref().map(|watch| watch.process);
        if watcher != Some(process) {
            return CallError::NotPermitted.into();
        }
        match self.faults.word(words[0], words[1]) {
            Some(word) => {
                words[1] = word;
                Status::OK
            }
            None => {
                words[1] = self.faults.count;
                Status::NO_SUCH_RECORD
            }
        }
    }

    /// The current thread returned into a process that has gone down meanwhile.
    #[inline(never)]
    pub(crate) fn unwind_current(&mut self) -> Effect {
        // What that process had lent to the call has come back.
        self.wake_all(Wait::Memory);
        self.unwind(self.threads.current_id());
        self.reload()
    }

    /// Goes on with the most urgent thread, which may be the same at another place.
    fn reload(&mut self) -> Effect {
        let _ = self.reschedule();
        Effect::SWITCH
    }

    /// Makes a thread ready, whatever it waited for.
    pub(crate) fn interrupt_wait(&mut self, id: ThreadId) {
        let thread = self.threads.get(id);
        let (waits, holder) = (!matches!(thread.wait, Wait::Nothing), thread.blocked_on);
        if waits {
            self.stop_waiting_for_notifications(id);
            self.wake(id);
        }
        if let Some(holder) = holder {
            self.inherit(holder);
        }
    }

    /// Ends a thread.
    pub(crate) fn end(&mut self, id: ThreadId) {
        self.interrupt_wait(id);
        let thread = self.threads.get_mut(id);
        self.ready.remove(thread);
        thread.wait = Wait::Ended;
    }
}
