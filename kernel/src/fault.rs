// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record of a fault, and the signal to the supervisor.
//!
//! The process that the wiring names is told, and reads the records. It decides about the others, too.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, FAULT_RECORDS as RECORDS, FaultRecord, MAX_CALL_DEPTH,
    ProcessId, Status, ThreadId, Word,
};
use crossgate_protection::Span;

/// The faults of a kind so far.
pub struct Faults {
    records: [[Word; FaultRecord::WORDS]; RECORDS],
    count: usize,
}

impl Faults {
    pub(crate) const NONE: Faults =
        Faults { records: [[0; FaultRecord::WORDS]; RECORDS], count: 0 };

    /// A word of the record of fault `sequence`, if there is one and it is not overwritten.
    pub(crate) fn word(&self, sequence: usize, index: usize) -> Option<Word> {
        let kept = sequence < self.count && self.count - sequence <= RECORDS;
        self.records.get(sequence % RECORDS).filter(|_| kept)?.get(index).copied()
    }

    /// Returns how many there are, and the record of the last one.
    pub(crate) fn newest(&self) -> (usize, [Word; FaultRecord::WORDS]) {
        (self.count, self.records[self.count.wrapping_sub(1) % RECORDS])
    }
}

/// The description of a fault. Everything is 0 where it is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub cause: Cause,
    /// The address of the instruction.
    pub instruction: Word,
    /// The address that it tried to access; or the process that [says](Cause::Refused) that it broke the rules.
    pub address: Word,
    /// The source position of a panic, as user code told it.
    pub file: Word,
    pub file_length: Word,
    pub line: Word,
}

impl Fault {
    /// A fault of which nothing more is known than the cause.
    pub fn of(cause: Cause) -> Fault {
        Fault { cause, instruction: 0, address: 0, file: 0, file_length: 0, line: 0 }
    }
}

const _: () = assert!(FaultRecord::CHAIN == 6 && FaultRecord::WORDS == 8, "`report` writes it");
const _: () = assert!(MAX_CALL_DEPTH <= size_of::<u64>(), "a chain of calls fits there");

impl<P: Port> Kernel<P> {
    /// Notes what a thread did in the name of a process, and tells who is to be told.
    #[inline(never)]
    pub(crate) fn report(&mut self, id: ThreadId, process: ProcessId, fault: &Fault) {
        let frames = self.threads.get_mut(id).frames_in_use();
        let depth = frames.len() as u8;
        let mut chain = 0;
        for frame in frames.iter().rev() {
            chain = chain << 8 | u64::from(frame.service.number());
        }
        let (mut file, mut length) = (0, 0);
        if fault.file_length != 0
            && let Some(name) = Span::new(fault.file, fault.file_length)
            && self.flash.contains(name)
        {
            // Of a long name the end says most.
            length = fault.file_length.min(FaultRecord::FILE_LENGTH);
            file = name.end - length;
        }
        let is_refused = fault.cause == Cause::Refused;
        let faults = if is_refused { &mut self.refusals } else { &mut self.faults };
        let Faults { records, count } = faults;
        let Some(record) = records.get_mut(*count % RECORDS) else { return };
        *count += 1;
        let who = FaultRecord::who(process.number(), id.number(), fault.cause, depth);
        let chain = [chain as u32 as Word, (chain >> 32) as Word];
        let Fault { address, instruction, line, .. } = *fault;
        *record = [who, address, instruction, file, length, line, chain[0], chain[1]];
        if let Some(supervisor) = &self.system.supervisor {
            self.signal(supervisor.notification.index());
        }
    }

    /// The process that may read records reads word `words[1]` of that of fault `words[0]`; those of
    /// refused calls come behind those of crashes.
    pub(crate) fn read_fault(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().rights.process;
        if self.supervisor() != Some(process) {
            return CallError::NotPermitted.into();
        }
        self.copy_fault(words)
    }

    /// Gives such a word.
    #[inline(always)]
    pub(crate) fn copy_fault(&self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let (kind, index) = (words[1] / FaultRecord::WORDS, words[1] % FaultRecord::WORDS);
        let faults = if kind == 0 { &self.faults } else { &self.refusals };
        match faults.word(words[0], index) {
            Some(word) => {
                words[1] = word;
                Status::OK
            }
            None => {
                words[1] = faults.count;
                Status::NO_SUCH_RECORD
            }
        }
    }

    /// The process that decides about the others, and reads the records of faults.
    pub(crate) fn supervisor(&self) -> Option<ProcessId> {
        self.system.supervisor.as_ref().map(|supervisor| supervisor.process)
    }
}
