// SPDX-License-Identifier: MIT OR Apache-2.0
//! The records of crashes of other processes.
//!
//! A process with `supervisor NOTIFICATION;` in the wiring is notified of every crash and may read the records:
//! [`Faults`] reads the records of crashes, and [`Refusals`] reads the records of calls that a server has
//! [refused](crate::server::refuse). The kernel keeps the last few of each kind. Processes that
//! [inspect](crate::inspect) may read them, too, but are not notified.

use crate::arch::system_call;
use crossgate_abi::{CallError, FAULT_RECORDS, Status, Word, inspect, number};
pub use crossgate_abi::{Cause, Detail, FaultRecord, NOBODY};

/// Reads the records of crashes, the oldest first. Not all of these records [are crashes](FaultRecord::is_crash): for
/// example, a budget that is used up is also recorded here.
///
/// Refused calls are not among these records. They are only the claim of a server about a client, so a supervisor
/// should decide about them separately (see [`Refusals`]).
///
/// ```no_run
/// # use crossgate::{Notification, fault::Faults};
/// fn reporter(faulted: Notification) -> ! {
///     let mut faults = Faults::new();
///     loop {
///         faulted.wait();
///         for record in faults.by_ref() {
///             // ... report it ...
/// #           drop(record);
///         }
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Faults(Records<CRASHES>);

impl Faults {
    /// Creates a reader that starts with the first crash.
    #[must_use]
    pub const fn new() -> Faults {
        Faults(Records { next: 0 })
    }
}

impl Iterator for Faults {
    type Item = FaultRecord;

    /// Returns the next record; `None` if there is none yet. Records that the kernel has overwritten are skipped.
    fn next(&mut self) -> Option<FaultRecord> {
        self.0.next()
    }
}

/// Reads the records of calls that were [refused](crate::server::refuse), the oldest first. Each record names the
/// process that made the call. Its [`accuser`](FaultRecord::accuser) is the server that claims that this process broke
/// the rules.
///
/// The kernel does not know if the claim is true. A hostile server can accuse any process that calls it. So before you
/// restart or stop a client because of such a record, check the accuser: act only if you trust this server with the
/// decision, or if several servers agree.
///
/// ```no_run
/// # use crossgate::fault::Refusals;
/// # use crossgate::supervise;
/// # fn is_trusted(_: u8) -> bool { true }
/// # let mut refusals = Refusals::new();
/// for record in refusals.by_ref() {
///     if record.accuser.is_some_and(is_trusted) {
///         let _ = supervise::restart(record.process);
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Refusals(Records<REFUSED_CALLS>);

impl Refusals {
    /// Creates a reader that starts with the first refused call.
    #[must_use]
    pub const fn new() -> Refusals {
        Refusals(Records { next: 0 })
    }
}

impl Iterator for Refusals {
    type Item = FaultRecord;

    /// Returns the next record; `None` if there is none yet. Records that the kernel has overwritten are skipped.
    fn next(&mut self) -> Option<FaultRecord> {
        self.0.next()
    }
}

const CRASHES: usize = 0;
const REFUSED_CALLS: usize = 1;

/// Reads the records of one kind.
#[derive(Debug, Default)]
struct Records<const KIND: usize> {
    next: usize,
}

impl<const KIND: usize> Records<KIND> {
    /// Reads a record. Returns the number of faults so far if the record is not there.
    fn read(sequence: usize) -> Result<FaultRecord, usize> {
        let mut words = [0; FaultRecord::WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            let index = KIND * FaultRecord::WORDS + index;
            let mut reply = system_call(number::READ_FAULT, [sequence, index]);
            if Status(reply.status) == Status::from(CallError::NotPermitted) {
                reply = system_call(number::OPTIONAL, [inspect::FAULT, sequence, index]);
            }
            match Status(reply.status) {
                Status::OK => *word = reply.words[0],
                Status::NO_SUCH_RECORD => return Err(reply.words[0]),
                _ => return Err(0),
            }
        }
        Ok(decode(&words))
    }

    fn next(&mut self) -> Option<FaultRecord> {
        loop {
            match Self::read(self.next) {
                Ok(record) => {
                    self.next += 1;
                    return Some(record);
                }
                Err(count) if count <= self.next => return None,
                // The record was overwritten, perhaps while it was read.
                Err(count) => self.next = count.saturating_sub(FAULT_RECORDS).max(self.next + 1),
            }
        }
    }
}

/// Decodes a record from its [words](FaultRecord::WORDS). A cause that this version of Crossgate does not know becomes
/// [`Cause::Unknown`].
#[must_use]
pub fn decode(words: &[Word; FaultRecord::WORDS]) -> FaultRecord {
    let byte = |shift: u32| (words[0] >> shift) as u8;
    let cause = Cause::from_number(byte(16).into()).unwrap_or(Cause::Unknown);
    let has_accuser = cause.detail() == Detail::Accuser;
    FaultRecord {
        process: byte(0),
        thread: byte(8),
        cause,
        depth: byte(24),
        chain: core::array::from_fn(|call| {
            (words[FaultRecord::CHAIN + call / 4] >> (call % 4 * 8)) as u8
        }),
        address: if has_accuser { 0 } else { words[1] },
        accuser: has_accuser.then_some(words[1] as u8),
        instruction: words[2],
        file: words[3],
        file_length: words[4],
        line: words[5],
    }
}

/// Returns the name of the source file that panicked, or the end of the name if it is long. The process can choose any
/// text, so check the text before you print it where it could forge other output. Returns `None` if the record has no
/// name, or if the name is not a text in flash (on Linux: in the constants of the program).
#[must_use]
pub fn panic_file(record: &FaultRecord) -> Option<&'static str> {
    let name = constant(record.file, record.file_length)?;
    // A long name is cut off at its start, perhaps within a character.
    let start = name.iter().position(|byte| byte & 0b1100_0000 != 0b1000_0000)?;
    str::from_utf8(name.get(start..)?).ok()
}

/// Returns `length` bytes of code or constants from address `start`, which is not 0.
fn constant(start: Word, length: Word) -> Option<&'static [u8]> {
    let constants = constants()?;
    let end = start.checked_add(length)?;
    if start == 0 || !constants.contains(&start) || !constants.contains(&end) {
        return None;
    }
    let start = core::ptr::with_exposed_provenance(start);
    // SAFETY: every process can read all code and constants, and they never change.
    Some(unsafe { core::slice::from_raw_parts(start, length) })
}

/// Returns the addresses of code and constants, from the first byte to the last.
#[cfg(any(target_os = "none", all(target_os = "linux", not(miri))))]
pub(crate) fn constants() -> Option<core::ops::RangeInclusive<Word>> {
    // The linker's symbols for start and end: constants come before code.
    unsafe extern "C" {
        #[cfg_attr(target_os = "none", link_name = "__crossgate_constants_start")]
        #[cfg_attr(target_os = "linux", link_name = "__ehdr_start")]
        static START: u8;
        #[cfg_attr(target_os = "none", link_name = "__crossgate_constants_end")]
        #[cfg_attr(target_os = "linux", link_name = "etext")]
        static END: u8;
    }
    Some((&raw const START).addr()..=(&raw const END).addr())
}

#[cfg(not(any(target_os = "none", all(target_os = "linux", not(miri)))))]
pub(crate) fn constants() -> Option<core::ops::RangeInclusive<Word>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: FaultRecord = FaultRecord {
        process: 3,
        thread: 31,
        cause: Cause::Panic,
        depth: 8,
        chain: [1, 2, 3, 4, 5, 60, 7, 0xff],
        address: 0x2000_0000,
        instruction: 0x1235,
        file: 0x800,
        file_length: 11,
        line: 77,
        accuser: None,
    };

    /// Encodes a record in the words that the kernel returns.
    fn words(record: &FaultRecord) -> [Word; FaultRecord::WORDS] {
        let &FaultRecord { process, thread, cause, depth, chain: [a, b, c, d, e, f, g, h], .. } =
            record;
        [
            FaultRecord::who(process, thread, cause, depth),
            record.accuser.map_or(record.address, Word::from),
            record.instruction,
            record.file,
            record.file_length,
            record.line,
            u32::from_le_bytes([a, b, c, d]) as Word,
            u32::from_le_bytes([e, f, g, h]) as Word,
        ]
    }

    #[test]
    fn a_record_survives_its_journey() {
        for cause in Cause::ALL {
            let record = match cause.detail() {
                Detail::Accuser => FaultRecord { cause, address: 0, accuser: Some(9), ..RECORD },
                _ => FaultRecord { cause, ..RECORD },
            };
            assert_eq!(decode(&words(&record)), record);
        }
    }

    #[test]
    fn an_unknown_cause_is_not_an_error() {
        let mut words = words(&RECORD);
        words[0] = 99 << 16;
        assert_eq!(decode(&words).cause, Cause::Unknown);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_name_is_a_constant() {
        let record_of = |name: &str| FaultRecord {
            file: name.as_ptr().addr(),
            file_length: name.len(),
            ..RECORD
        };
        assert_eq!(panic_file(&record_of(file!())), Some(file!()));
        assert_eq!(panic_file(&record_of(&std::string::String::from(file!()))), None);
        assert_eq!(panic_file(&FaultRecord { file_length: Word::MAX, ..record_of(file!()) }), None);
        assert_eq!(panic_file(&RECORD), None);
    }
}
