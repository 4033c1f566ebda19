use crate::{MAX_CALL_DEPTH, Word};

/// Why a process was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Cause {
    /// A read or write of memory that is not the process' to reach.
    Access = 1,
    /// An instruction fetch from memory that is not executable.
    Execute = 2,
    /// The stack ran over its end (or the stack pointer was wild when something had to be saved).
    Stack = 3,
    /// The bus answered with an error: there is no such device or memory.
    Bus = 4,
    /// An undefined instruction, a division by zero or an unaligned access that the CPU traps.
    Instruction = 5,
    /// Rust code panicked.
    Panic = 6,
    /// The thread returned from a method without being in a call.
    ReturnWithoutCall = 7,
    /// A thread left its main function, or exited, in a process that is not its home.
    Exit = 8,
    /// A cause that this version of the record's reader does not know.
    Unknown = 255,
}

impl Cause {
    /// Every cause with its number and what to tell a person.
    const ALL: [(Cause, &'static str); 8] = [
        (Cause::Access, "access to memory of others"),
        (Cause::Execute, "execution of data"),
        (Cause::Stack, "stack overflow"),
        (Cause::Bus, "bus error"),
        (Cause::Instruction, "undefined instruction"),
        (Cause::Panic, "panic"),
        (Cause::ReturnWithoutCall, "return without a call"),
        (Cause::Exit, "thread exit inside a foreign process"),
    ];

    /// What happened, in a few words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(cause, _)| *cause == self).map_or("unknown cause", |(_, text)| text)
    }

    fn from_number(number: u8) -> Cause {
        Self::ALL
            .iter()
            .find(|(cause, _)| *cause as u8 == number)
            .map_or(Cause::Unknown, |(cause, _)| *cause)
    }
}

/// What the kernel remembers of a fault.
///
/// It travels as words, one a system call, so that the kernel writes no user memory for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// Index of the process that faulted.
    pub process: u8,
    /// Index of the thread that ran in it (which may be a visitor).
    pub thread: u8,
    /// What happened.
    pub cause: Cause,
    /// How many calls the thread had in flight.
    pub depth: u8,
    /// The services of these calls, the outermost first; the rest is 0.
    pub chain: [u16; MAX_CALL_DEPTH],
    /// The address that was accessed, where the CPU tells it, else 0.
    pub address: Word,
    /// The address of the instruction, where it is known, else 0.
    pub instruction: Word,
    /// Address of the name of the file that panicked (a string in flash), else 0.
    pub file: Word,
    /// Length of that name in bytes.
    pub file_length: Word,
    /// Line of the panic, else 0.
    pub line: Word,
}

impl FaultRecord {
    /// How many words a record is.
    pub const WORDS: usize = 6 + MAX_CALL_DEPTH / 2;

    /// The words that it travels as.
    #[inline(always)]
    #[must_use]
    pub fn words(&self) -> [Word; Self::WORDS] {
        let first = usize::from(self.process)
            | usize::from(self.thread) << 8
            | (self.cause as usize) << 16
            | usize::from(self.depth) << 24;
        let pair =
            |call: usize| usize::from(self.chain[call]) | usize::from(self.chain[call + 1]) << 16;
        [
            first,
            self.address,
            self.instruction,
            self.file,
            self.file_length,
            self.line,
            pair(0),
            pair(2),
            pair(4),
            pair(6),
        ]
    }

    /// The record that these words are.
    #[must_use]
    pub fn from_words(words: &[Word; Self::WORDS]) -> FaultRecord {
        let byte = |shift: u32| (words[0] >> shift & 0xff) as u8;
        FaultRecord {
            process: byte(0),
            thread: byte(8),
            cause: Cause::from_number(byte(16)),
            depth: byte(24),
            chain: core::array::from_fn(|call| (words[6 + call / 2] >> (16 * (call % 2))) as u16),
            address: words[1],
            instruction: words[2],
            file: words[3],
            file_length: words[4],
            line: words[5],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_journey() {
        let record = FaultRecord {
            process: 3,
            thread: 31,
            cause: Cause::Panic,
            depth: 8,
            chain: [1, 2, 3, 4, 5, 600, 7, 0xffff],
            address: 0x2000_0000,
            instruction: 0x1235,
            file: 0x800,
            file_length: 11,
            line: 77,
        };
        assert_eq!(FaultRecord::from_words(&record.words()), record);
    }

    #[test]
    fn an_unknown_cause_is_not_an_error() {
        let mut words = [0; FaultRecord::WORDS];
        words[0] = 99 << 16;
        assert_eq!(FaultRecord::from_words(&words).cause, Cause::Unknown);
    }
}
