//! What becomes of a process that crashed, and of its visitors.
//!
//! The process is stopped: no call enters it any more and its own threads end. A thread that was
//! visiting it goes back to the nearest caller outside, with
//! [`ServerFaulted`](CallError::ServerFaulted); so does, later, one that returns into it from a
//! process further on. Every other process goes on, and the one that the wiring names is told.

use crate::port::Port;
use crate::thread::{Pending, ThreadId, Wait};
use crate::{Effect, Kernel, Reply};
use crossgate_abi::{CallError, Cause, FaultRecord, Status, Word, table::NO_LOCK};

/// Marks a frame whose caller has been stopped.
const RETURN_WITH_CARE: u8 = 0;

/// How many records are kept; older ones are overwritten.
const RECORDS: usize = 2;

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

/// Where a panic happened, as user code told it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Location {
    pub file: Word,
    pub file_length: Word,
    pub line: Word,
}

impl<P: Port> Kernel<P> {
    /// The current process did something that it must not do, at `instruction`; `address` is what
    /// it tried to access. Both are 0 where that is unknown.
    pub fn fault(&mut self, cause: Cause, instruction: Word, address: Word) -> Effect {
        self.stop_current(cause, instruction, address, Location::default());
        self.reload()
    }

    /// Stops the current process, and tells who is to be told.
    #[inline(never)]
    pub(crate) fn stop_current(
        &mut self,
        cause: Cause,
        instruction: Word,
        address: Word,
        at: Location,
    ) {
        self.record(cause, instruction, address, at);
        let faulted = self.current().level.process;
        self.stop(faulted);
        if let Some(watch) = &self.system.fault_watch {
            self.signal(usize::from(watch.notification));
        }
    }

    pub(crate) fn record(&mut self, cause: Cause, instruction: Word, address: Word, at: Location) {
        let thread = self.threads.get(self.threads.current_id());
        let mut chain = [0; crossgate_abi::MAX_CALL_DEPTH];
        for (slot, frame) in chain.iter_mut().zip(&thread.frames).take(usize::from(thread.depth)) {
            *slot = frame.service;
        }
        let name = crate::memory::Span::new(at.file, at.file_length);
        let known = name.is_some_and(|name| self.flash.contains(name));
        let record = FaultRecord {
            process: thread.level.process,
            thread: self.threads.current_id().index() as u8,
            cause,
            depth: thread.depth,
            chain,
            address,
            instruction,
            file: if known { at.file } else { 0 },
            file_length: if known { at.file_length } else { 0 },
            line: at.line,
        };
        if let Some(slot) = self.faults.records.get_mut(self.faults.count % RECORDS) {
            *slot = record.words();
        }
        self.faults.count += 1;
    }

    /// Word `index` of the record of fault `sequence`, for the process that may read it.
    pub(crate) fn read_fault(&mut self, sequence: Word, index: Word) -> Reply {
        let process = self.current().level.process;
        let watcher = self.system.fault_watch.as_ref().map(|watch| watch.process);
        if watcher != Some(process) {
            return Reply::error(CallError::NotPermitted);
        }
        self.faults.word(sequence, index).map_or(Reply::status(Status::NO_SUCH_RECORD), Reply::word)
    }

    /// Stops a process, its threads at home, and its interrupts; its visitors go back.
    fn stop(&mut self, process: u8) {
        self.running &= !(1 << (process & 31));
        for interrupt in self.system.interrupts {
            let owner = self
                .system
                .notifications
                .get(usize::from(interrupt.notification))
                .map(|notification| notification.owner);
            if owner == Some(process) {
                self.port.mask(interrupt.line);
            }
        }
        for id in self.threads.ids() {
            let thread = self.threads.get_mut(id);
            for frame in thread.frames.iter_mut().take(thread.depth.into()) {
                if frame.level.process == process {
                    frame.lock = RETURN_WITH_CARE;
                }
            }
            if thread.level.process == process && !matches!(thread.wait, Wait::Ended) {
                self.unwind(id);
            }
        }
    }

    /// The current thread returned into a process that has been stopped meanwhile.
    #[inline(never)]
    pub(crate) fn unwind_current(&mut self) -> Effect {
        self.unwind(self.threads.current_id());
        self.reload()
    }

    /// Goes on with the most urgent thread, which may be the same at another place.
    fn reload(&mut self) -> Effect {
        let _ = self.reschedule();
        Effect::SWITCH
    }

    /// Takes a thread out of every stopped process on its way back. It ends if its home is one.
    fn unwind(&mut self, id: ThreadId) {
        while self.is_stopped(self.threads.get(id).level.process) {
            let thread = self.threads.get_mut(id);
            let Some(frame) = thread.pop() else { return self.end(id) };
            thread.stack_pointer = frame.stack_pointer;
            thread.pending = Pending::status(CallError::ServerFaulted.into());
            let lock = self.lock_of(frame);
            if lock != NO_LOCK {
                self.release_lock(lock);
            }
        }
        self.interrupt_wait(id);
    }

    /// Makes a thread ready, whatever it waited for.
    fn interrupt_wait(&mut self, id: ThreadId) {
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
