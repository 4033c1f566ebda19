// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crash dump: registers and stack of the thread that crashed last.
//!
//! A process to which the wiring says `crash_dumps;` may read the dump. The kernel writes the dump when a process
//! crashes. The dump is in memory of the kernel that no reset clears. So it is still there after a restart of the
//! crashed process, of the reader, or of the whole system, until the next crash or until the power is off. It contains
//! the registers, and the part of the stack that belongs to the crashed process. This is *memory of another process*,
//! and may contain a key or a password. A process with this right can read it.
//!
//! ```no_run
//! # fn show() -> Result<(), crossgate::CallError> {
//! if let Some(dump) = crossgate::dump::read()? {
//!     for (name, value) in dump.registers() {
//!         // ... r0 and so on ...
//! #       let _ = (name, value);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! If no process of a firmware may read the dump, the firmware has no dump, and no code for it.

use crate::CallError;
use crate::arch::system_call;
use crate::fault::{FaultRecord, decode};
use core::time::Duration;
use crossgate_abi::inspect::{DUMP, dump};
use crossgate_abi::{Status, Word, number};

/// The dump of the last crash.
#[derive(Clone, Copy, Debug)]
pub struct CrashDump {
    words: [Word; dump::WORDS],
    is_of_this_run: bool,
}

/// The names of the registers.
#[cfg(target_arch = "riscv32")]
const NAMES: [&str; dump::REGISTER_COUNT] = [
    "pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5",
    "t6",
];
#[cfg(all(target_os = "none", not(target_arch = "riscv32")))]
const NAMES: [&str; dump::REGISTER_COUNT] = [
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr",
    "pc", "xpsr",
];
#[cfg(all(not(target_os = "none"), target_arch = "aarch64"))]
const NAMES: [&str; dump::REGISTER_COUNT] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
    "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",
    "x28", "x29", "x30", "sp", "pc",
];
#[cfg(all(not(target_os = "none"), not(target_arch = "aarch64")))]
const NAMES: [&str; dump::REGISTER_COUNT] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip",
];
/// The index of the stack pointer among the registers.
const STACK_POINTER: usize = if cfg!(target_arch = "riscv32") {
    2
} else if cfg!(target_os = "none") {
    13
} else if cfg!(target_arch = "aarch64") {
    31
} else {
    4
};

impl CrashDump {
    /// Creates a dump, for tests of the code that shows one.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(words: [Word; dump::WORDS], is_of_this_run: bool) -> CrashDump {
        CrashDump { words, is_of_this_run }
    }

    /// Returns the record of the crash.
    #[must_use]
    pub fn record(&self) -> FaultRecord {
        let record = self.words.get(dump::RECORD..).and_then(<[_]>::first_chunk);
        decode(record.unwrap_or(&[0; FaultRecord::WORDS]))
    }

    /// Returns the time from the start of the system to the crash. It is at most 1 ms too small. (It wraps around after
    /// 49 days.)
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_millis(self.words[dump::TIME] as u64)
    }

    /// Returns whether the crash happened since the system started. Otherwise there has been a reset since the crash.
    #[must_use]
    pub fn is_of_this_run(&self) -> bool {
        self.is_of_this_run
    }

    /// Returns the registers with their names. A register is 0 if the kernel could not read it, as after a stack
    /// overflow, or if it was not saved. (A system call does not save all registers, and a panic is a system call.)
    pub fn registers(&self) -> impl Iterator<Item = (&'static str, Word)> {
        let registers = self.words.iter().skip(dump::REGISTERS);
        NAMES.into_iter().zip(registers.copied())
    }

    /// Returns the words of the stack, from the stack pointer upwards, each with its address. The stack ends where the
    /// caller's part begins.
    pub fn stack(&self) -> impl Iterator<Item = (Word, Word)> {
        let pointer = self.words[dump::REGISTERS + STACK_POINTER];
        let start = pointer.checked_next_multiple_of(size_of::<Word>()).unwrap_or(0);
        let words = self.words.iter().skip(dump::STACK).take(self.words[dump::LENGTH]);
        words
            .enumerate()
            .map(move |(index, &word)| (start.wrapping_add(index * size_of::<Word>()), word))
    }
}

/// Reads the crash dump. Returns `None` if there is no dump: then the checksum is wrong.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the caller may not read crash dumps.
pub fn read() -> Result<Option<CrashDump>, CallError> {
    let mut words = [0; dump::WORDS];
    let mut is_of_this_run = false;
    // If a process crashes during the read, the checksum is wrong, and all words have to be read again. Three attempts
    // are enough.
    for _ in 0..3 {
        for (index, word) in words.iter_mut().enumerate() {
            let reply = system_call(number::OPTIONAL, [DUMP, index, 0]);
            match Status(reply.status) {
                Status::OK => (*word, is_of_this_run) = (reply.words[0], reply.words[1] != 0),
                Status::NO_SUCH_RECORD => return Ok(None),
                status => {
                    return Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted));
                }
            }
        }
        if words[dump::CHECK] == dump::check(&words) {
            return Ok(Some(CrashDump { words, is_of_this_run }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_dump_is_what_the_words_say() {
        let mut words = [0; dump::WORDS];
        words[dump::TIME] = 1_500;
        words[dump::LENGTH] = 3;
        for (index, word) in words.iter_mut().enumerate().skip(dump::REGISTERS) {
            *word = index;
        }
        words[dump::REGISTERS + STACK_POINTER] = 0x1001;
        let dump = CrashDump { words, is_of_this_run: true };
        assert_eq!(dump.time(), Duration::from_millis(1_500));
        assert_eq!(dump.registers().count(), dump::REGISTER_COUNT);
        assert_eq!(dump.registers().nth(1), Some((NAMES[1], dump::REGISTERS + 1)));
        let size = size_of::<Word>();
        let start = 0x1000 + size;
        let stack: Vec<_> = dump.stack().collect();
        assert_eq!(stack[2], (start + 2 * size, dump::STACK + 2));
        assert_eq!(stack.len(), 3);
        // A dump that another firmware has written, with a valid checksum.
        words[dump::REGISTERS + STACK_POINTER] = Word::MAX & !7;
        words[dump::LENGTH] = Word::MAX;
        assert_eq!(CrashDump { words, is_of_this_run: false }.stack().count(), dump::STACK_WORDS);
    }

    #[test]
    fn memory_without_a_dump_has_none() {
        for filling in [0, 1, 0x5555_5555, 0xaaaa_aaaa, Word::MAX] {
            let words = [filling; dump::WORDS];
            assert_ne!(words[dump::CHECK], dump::check(&words), "{filling:#x}");
        }
    }
}
