// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records of faults, and the notification of the supervisor.
//!
//! The kernel notifies the supervisor, which reads the records and can restart or stop processes.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, Cause, FAULT_RECORDS as RECORDS, FaultRecord, MAX_CALL_DEPTH,
    ProcessId, Status, ThreadId, Word,
};
use crossgate_protection::Span;

/// The records of one kind of fault: a ring of the last records, and the number of all faults so far.
pub struct Faults {
    records: [[Word; FaultRecord::WORDS]; RECORDS],
    count: usize,
}

impl Faults {
    pub(crate) const NONE: Faults =
        Faults { records: [[0; FaultRecord::WORDS]; RECORDS], count: 0 };

    /// Returns a word of the record of fault `sequence`, if there is one and it is not overwritten.
    #[inline]
    pub(crate) fn word(&self, sequence: usize, index: usize) -> Option<Word> {
        let kept = sequence < self.count && self.count - sequence <= RECORDS;
        self.records.get(sequence % RECORDS).filter(|_| kept)?.get(index).copied()
    }

    /// Returns the record of the last fault.
    #[inline]
    pub(crate) fn newest(&mut self) -> &mut [Word; FaultRecord::WORDS] {
        &mut self.records[self.count.wrapping_sub(1) % RECORDS]
    }
}

/// The place of a panic, as user code reported it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panic {
    pub file: Word,
    pub file_length: Word,
    pub line: Word,
}

/// Returns the first word of a record, without the depth of calls.
#[inline(always)]
pub(crate) fn who(process: ProcessId, thread: ThreadId, cause: Cause) -> Word {
    FaultRecord::who(process.number(), thread.number(), cause, 0)
}

const _: () = assert!(
    FaultRecord::CHAIN == 6 && FaultRecord::WORDS == 8,
    "`record` builds records of this layout"
);
const _: () = assert!(MAX_CALL_DEPTH == size_of::<u64>(), "a chain of calls fits in a `u64`");

impl<P: Port> Kernel<P> {
    /// Returns whether some process may read the records of faults. If not, crashes are not recorded, to save time.
    #[inline(always)]
    pub(crate) fn keeps_records(&self) -> bool {
        self.system.supervisor.is_some() || self.optional.is_some()
    }

    /// Records a fault of a thread in a process that does not crash, and signals the notification of the supervisor.
    /// `detail` depends on the [cause](Cause): the process that refused the call, the interrupt line, or the number of
    /// times that the budget was used up.
    #[inline]
    pub(crate) fn report(&mut self, process: ProcessId, id: ThreadId, cause: Cause, detail: Word) {
        self.record(who(process, id, cause), detail, 0);
        self.engage();
    }

    /// Records a fault of [`who`]. An address is 0 where it is unknown. A signal takes long, so this function leaves it
    /// to the worker, which signals the supervisor's notification before any thread runs. The caller of this function
    /// has to engage the worker.
    // (Inlined, it takes longer: the compiler calls `memclr` for words that are known to be 0.)
    #[inline(never)]
    pub(crate) fn record(&mut self, who: Word, address: Word, instruction: Word) {
        let [_, id, cause, _] = (who as u32).to_le_bytes();
        let frames = self.threads.at(ThreadId::new(id.into())).frames();
        let depth = frames.len();
        let mut chain = [0; MAX_CALL_DEPTH];
        for (service, frame) in chain.iter_mut().zip(frames) {
            *service = frame.service.number();
        }
        let chain = u64::from_le_bytes(chain);
        let is_refused = cause == Cause::Refused as u8;
        let Faults { records, count } = &mut self.faults[usize::from(is_refused)];
        let Some(record) = records.get_mut(*count % RECORDS) else { return };
        *count += 1;
        let who = who | depth << 24;
        let chain = [chain as u32 as Word, (chain >> 32) as Word];
        *record = [who, address, instruction, 0, 0, 0, chain[0], chain[1]];
        self.work.untold = self.system.supervisor.is_some();
    }

    /// Adds the place of a panic to its record, which is the newest one.
    #[inline]
    pub(crate) fn record_place(&mut self, panic: &Panic) {
        let (mut file, mut length) = (0, 0);
        if panic.file_length != 0
            && let Some(name) = Span::new(panic.file, panic.file_length)
            && self.flash.contains(name)
        {
            // A long name loses its start, because its end says most.
            length = panic.file_length.min(FaultRecord::FILE_LENGTH);
            file = name.end - length;
        }
        let [_, _, _, of_file, of_length, line, ..] = self.faults[0].newest();
        (*of_file, *of_length, *line) = (file, length, panic.line);
    }

    /// Reads word `words[1]` of the record of fault `words[0]` for the supervisor. An index from
    /// [`WORDS`](FaultRecord::WORDS) on means the record of a refused call.
    #[inline]
    pub(crate) fn read_fault(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().rights.process;
        if self.supervisor() != Some(process) {
            return CallError::NotPermitted.into();
        }
        self.copy_fault(words)
    }

    /// Reads the same word as [`read_fault`](Self::read_fault), but does not check the rights of the current process.
    #[inline(always)]
    pub(crate) fn copy_fault(&self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let (kind, index) = (words[1] / FaultRecord::WORDS, words[1] % FaultRecord::WORDS);
        let faults = &self.faults[usize::from(kind != 0)];
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

    /// Returns the supervisor: the process that may restart and stop processes, and reads the records of faults.
    #[inline]
    pub(crate) fn supervisor(&self) -> Option<ProcessId> {
        self.system.supervisor.as_ref().map(|supervisor| supervisor.process)
    }
}
