// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::list::list;
use crate::{MAX_CALL_DEPTH, Word};

list! {
    /// The cause of a crash, or of another event that has a record. All code, texts and tables for causes come from
    /// this list. The numbers are part of the ABI.
    #[non_exhaustive]
    pub enum Cause: u8;
    /// The name of a cause, and what a record with this cause contains.
    fn told -> Told;

    /// A read or write of memory that is not open to the thread.
    Access = 1 => crash("access to memory of others", Detail::Address);

    /// An instruction fetch from memory that is not executable.
    Execute = 2 => crash("execution of data", Detail::Nothing);

    /// The stack ran over its end, or the stack pointer was outside of the stack when registers had to be saved.
    Stack = 3 => crash("stack overflow", Detail::Nothing);

    /// The bus answered with an error, because there is no device or memory at this address.
    Bus = 4 => crash("bus error", Detail::Address);

    /// An undefined instruction, or a division by zero or an unaligned access that the CPU traps.
    Instruction = 5 => crash("undefined instruction", Detail::Nothing);

    /// Rust code panicked.
    Panic = 6 => crash("panic", Detail::Location);

    /// The thread returned from a method, but was in no call.
    ReturnWithoutCall = 7 => crash("return without a call", Detail::Nothing);

    /// A thread left its main function, or exited, in a process that is not its home.
    Exit = 8 => crash("thread exit inside a foreign process", Detail::Nothing);

    /// A call took longer than its caller allowed, and continued after its waits had failed.
    Deadline = 9 => crash("a call took too long", Detail::Nothing);

    /// A server reported that this process broke the server's rules in a call. The kernel can't check if this is true.
    Refused = 10 => notice("a call that broke the rules of its server", Detail::Accuser);

    /// An interrupt arrived that no process owns. Its line is masked from now on. The address in the record is the
    /// number of the interrupt line. A number below 0 (as an `isize`) is an exception of the CPU, in the numbering of
    /// CMSIS: -14 is the non-maskable interrupt.
    Interrupt = 11 => notice("an interrupt that nobody owns", Detail::Line);

    /// The budget of CPU time of the thread, or of its process, is used up. All threads that share the budget run in
    /// the background until the next period. The address in the record counts how often that has happened to this
    /// budget, up to 65,535 and then from 0 again. There is a record whenever the count is a power of two.
    Budget = 12 => notice("a budget of CPU time is used up", Detail::Count);

    besides;
    /// A cause that this version of the record's reader does not know.
    Unknown = 255 => crash("unknown cause", Detail::Nothing);
}

impl Cause {
    /// Returns a short text that says what happened.
    ///
    /// ```
    /// use crossgate_abi::Cause;
    /// assert_eq!(Cause::Stack.as_str(), "stack overflow");
    /// ```
    #[inline(always)]
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.told().text
    }

    /// Returns whether a process has crashed. Other records report a budget that is used up (perhaps by a slow server),
    /// an interrupt that no process owns, or a call that a server refused.
    #[inline(always)]
    #[must_use]
    pub const fn is_crash(self) -> bool {
        self.told().is_crash
    }

    /// Returns the kind of detail that a record with this cause has.
    #[inline(always)]
    #[must_use]
    pub const fn detail(self) -> Detail {
        self.told().detail
    }
}

/// The properties of a cause in the list.
struct Told {
    text: &'static str,
    is_crash: bool,
    detail: Detail,
}

const fn crash(text: &'static str, detail: Detail) -> Told {
    Told { text, is_crash: true, detail }
}

const fn notice(text: &'static str, detail: Detail) -> Told {
    Told { text, is_crash: false, detail }
}

/// The detail that a record has beside the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    Nothing,
    /// The [address](FaultRecord::address) that was accessed.
    Address,
    /// The [file](FaultRecord::file) and the [line](FaultRecord::line) of a panic.
    Location,
    /// The [process](FaultRecord::accuser) that refused a call of the recorded process.
    Accuser,
    /// The interrupt line, as the [address](FaultRecord::address). The record names no process.
    Line,
    /// The number of times that the event has happened, as the [address](FaultRecord::address).
    Count,
}

/// The index that stands for no process.
pub const NOBODY: u8 = u8::MAX;

/// The kernel's record of a fault.
///
/// The records of [refused calls](Cause::Refused) are kept apart from all others, so that a refused call never
/// overwrites the record of a crash.
///
/// A record is read as words, one in each system call, so that the kernel writes no user memory for it. The code that
/// builds a record from the words is in the user library, not in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// Index of the process that faulted; [`NOBODY`] if no process did.
    pub process: u8,
    /// Index of the thread that ran in the process (which may be a thread of another process, in a call).
    pub thread: u8,
    /// The cause of the record.
    pub cause: Cause,
    /// The number of calls that the thread had in flight.
    pub depth: u8,
    /// The services of these calls, the outermost first; the remaining bytes are 0.
    pub chain: [u8; MAX_CALL_DEPTH],
    /// The address that was accessed, if the CPU reports it. For some [causes](Cause), another number. Otherwise 0.
    pub address: Word,
    /// The address of the instruction if it is known, else 0.
    pub instruction: Word,
    /// Address of the name of the file that panicked (a string in flash), else 0.
    pub file: Word,
    /// Length of that name in bytes, at most [`FILE_LENGTH`](Self::FILE_LENGTH): a longer name is cut off at its start.
    /// The process itself supplies the name, so it may be any text.
    pub file_length: Word,
    /// The line of the file at which the process panicked, else 0.
    pub line: Word,
    /// Index of the process that refused the call, if the cause is [`Refused`](Cause::Refused).
    pub accuser: Option<u8>,
}

impl FaultRecord {
    /// The number of words in a record. They are: the word of [`who`](Self::who), address, instruction, file, file
    /// length, line, and then the chain, four calls in a word, the outermost call in the lowest byte.
    pub const WORDS: usize = Self::CHAIN + MAX_CALL_DEPTH / 4;
    /// The number of bytes of a file name that a record can have.
    pub const FILE_LENGTH: usize = 96;
    /// The index of the first word of the chain.
    pub const CHAIN: usize = 6;

    /// Returns whether the [cause](Cause::is_crash) is the crash of a process.
    #[must_use]
    pub const fn is_crash(&self) -> bool {
        self.cause.is_crash()
    }

    /// Returns the first word of a record.
    #[inline(always)]
    #[must_use]
    pub const fn who(process: u8, thread: u8, cause: Cause, depth: u8) -> Word {
        u32::from_le_bytes([process, thread, cause as u8, depth]) as Word
    }
}
