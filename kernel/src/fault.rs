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

    /// Returns the number of faults, and the record of the last one.
    #[inline]
    pub(crate) fn newest(&self) -> (usize, &[Word; FaultRecord::WORDS]) {
        (self.count, &self.records[self.count.wrapping_sub(1) % RECORDS])
    }
}

/// A fault. An address is 0 where it is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub cause: Cause,
    /// The address of the instruction.
    pub instruction: Word,
    /// The address that the process tried to access; or, depending on the [cause](Cause), the process that refused the
    /// call, the interrupt line, or the number of times that the budget was used up.
    pub address: Word,
    // (This is an `Option`, because the compiler would clear an empty `Panic` by a call of `memclr`.)
    pub panic: Option<Panic>,
}

/// The place of a panic, as user code reported it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panic {
    pub file: Word,
    pub file_length: Word,
    pub line: Word,
}

impl Fault {
    /// Returns a fault of which only the cause is known.
    #[inline]
    pub fn of(cause: Cause) -> Fault {
        Fault { cause, instruction: 0, address: 0, panic: None }
    }
}

const _: () = assert!(
    FaultRecord::CHAIN == 6 && FaultRecord::WORDS == 8,
    "`record` builds records of this layout"
);
const _: () = assert!(MAX_CALL_DEPTH == size_of::<u64>(), "a chain of calls fits in a `u64`");

impl<P: Port> Kernel<P> {
    /// Records a fault of a thread in a process, and signals the notification of the supervisor.
    #[inline]
    pub(crate) fn report(&mut self, id: ThreadId, process: ProcessId, fault: &Fault) {
        self.record(id, process, fault);
        self.engage();
    }

    /// Records a fault. A signal takes long, so this function leaves it to the worker, which signals the supervisor's
    /// notification before any thread runs. The caller of this function has to engage the worker.
    // (Inlined, it takes longer: the compiler calls `memclr` for words that are known to be 0.)
    #[inline(never)]
    pub(crate) fn record(&mut self, id: ThreadId, process: ProcessId, fault: &Fault) {
        let frames = self.threads.at(id).frames();
        let depth = frames.len() as u8;
        let mut chain = [0; MAX_CALL_DEPTH];
        let mut services = chain.iter_mut();
        for frame in frames {
            let Some(service) = services.next() else { break };
            *service = frame.service.number();
        }
        let chain = u64::from_le_bytes(chain);
        let (mut file, mut length, mut line) = (0, 0, 0);
        if let Some(panic) = &fault.panic {
            line = panic.line;
            if panic.file_length != 0
                && let Some(name) = Span::new(panic.file, panic.file_length)
                && self.flash.contains(name)
            {
                // A long name loses its start, because its end says most.
                length = panic.file_length.min(FaultRecord::FILE_LENGTH);
                file = name.end - length;
            }
        }
        let is_refused = fault.cause == Cause::Refused;
        let Faults { records, count } = &mut self.faults[usize::from(is_refused)];
        let Some(record) = records.get_mut(*count % RECORDS) else { return };
        *count += 1;
        let who = FaultRecord::who(process.number(), id.number(), fault.cause, depth);
        let chain = [chain as u32 as Word, (chain >> 32) as Word];
        let Fault { address, instruction, .. } = *fault;
        *record = [who, address, instruction, file, length, line, chain[0], chain[1]];
        self.work.untold = self.system.supervisor.is_some();
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
