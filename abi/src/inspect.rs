// SPDX-License-Identifier: MIT OR Apache-2.0
//! The subjects about which a process with the right to inspect can [ask](crate::number::OPTIONAL), and the meanings of
//! the two words of each answer.

use crate::Word;
use crate::list::constants;

constants! {
    /// All subjects, with their names and their documentation.
    pub const SUBJECTS: [Word];

    /// Returns two words about a thread. The first has, from the lowest byte up, the [kind](crate::inspect::wait) of
    /// its wait, the process that it is in, its present priority, and the number of its calls in flight. The second
    /// says what the thread waits for, in a form that depends on the kind of its wait.
    THREAD = 0;

    /// Returns the services of the calls that a thread has in flight, in the form of a
    /// [`FaultRecord`](crate::FaultRecord).
    CALLS = 1;

    /// Returns how many bytes of a thread's stack were ever used. The kernel looks at a few words, upwards from the
    /// position in the third argument (in bytes above the start of the stack). The first result is the number of bytes
    /// from the first used word to the end of the stack, or 0 if none of the words that it looked at was used. The
    /// second result is the position from which to ask again, or 0 if the search is complete.
    STACK = 2;

    /// Returns two words about a process. The first has, from the lowest byte up, its [state](crate::inspect::state)
    /// and the number of its crashes in a row. The second is the time of its last crash, in units of
    /// [`DEADLINE_UNIT`](crate::DEADLINE_UNIT) since start.
    PROCESS = 3;

    /// Does the same as [`READ_FAULT`](crate::number::READ_FAULT), with the second and the third argument as its
    /// arguments.
    FAULT = 4;

    /// Returns how long a thread has run, in µs: the lower 32 bits in the first result, and the upper 32 bits in the
    /// second. The status is `NO_SUCH_RECORD` if the kernel does not [count](crate::table::Budgets::cpu_time) CPU time.
    TIME_OF_THREAD = 5;

    /// Returns how long threads have run in a process, in the form of `TIME_OF_THREAD`. The threads of other processes
    /// that were in the process count, too.
    TIME_OF_PROCESS = 6;

    /// Returns how often a process has crashed since the system started, and a word of the [record](crate::FaultRecord)
    /// of its last crash. The third argument selects the word.
    CRASHES = 7;

    /// Returns a word of the [crash dump](crate::inspect::dump), and whether the dump was written since the system
    /// started. Only the processes that may read crash dumps may ask for it.
    DUMP = 8;
}

/// The *paint*: the word that fills the stacks before threads start. Words of a stack that still have this value count
/// as unused.
pub const STACK_PAINT: u32 = 0xc0de_a11e;

/// The crash dump: words about the last crash. The kernel keeps them in memory that no reset clears.
pub mod dump {
    use crate::{FaultRecord, Word};

    /// The index of the [checksum](check) of the other words.
    pub const CHECK: usize = 0;
    /// The index of the time of the crash, in ms since start.
    pub const TIME: usize = 1;
    /// The index of the first word of the record of the crash.
    pub const RECORD: usize = 2;
    /// The index of the word that says how many words of the stack the dump has.
    pub const LENGTH: usize = RECORD + FaultRecord::WORDS;
    /// The index of the first register of the thread. A register is 0 if it is unknown. The registers of a Cortex-M are
    /// r0 to r15 and xPSR; of RISC-V, pc and x1 to x31. On Linux they are rax to r15, as the CPU numbers them, and rip;
    /// with aarch64, x0 to x30, sp and pc.
    pub const REGISTERS: usize = LENGTH + 1;
    /// The number of registers.
    pub const REGISTER_COUNT: usize = if cfg!(target_arch = "riscv32") {
        32
    } else if cfg!(target_arch = "aarch64") {
        33
    } else {
        17
    };
    /// The index of the first word of the stack. The words are those from the stack pointer upwards, as far as the
    /// stack belongs to the crashed process.
    pub const STACK: usize = REGISTERS + REGISTER_COUNT;
    /// The greatest number of words of the stack in a dump.
    pub const STACK_WORDS: usize = 32;
    /// The number of words in a dump.
    pub const WORDS: usize = STACK + STACK_WORDS;

    /// Returns the checksum of the words of a dump. (After power-on, the word at [`CHECK`] does not match the other
    /// words.)
    #[must_use]
    pub fn check(words: &[Word; WORDS]) -> Word {
        let others = words.iter().skip(CHECK + 1);
        last(others.fold(FIRST_CHECK, |check, &word| add(check, word)))
    }

    /// The checksum of no words.
    pub const FIRST_CHECK: Word = 0x811c_9dc5;

    /// Returns the checksum with one more word.
    #[must_use]
    #[inline]
    pub const fn add(check: Word, word: Word) -> Word {
        (check ^ word).wrapping_mul(0x0100_0193)
    }

    /// Returns the checksum after the last word. It is never 0.
    #[must_use]
    #[inline]
    pub const fn last(check: Word) -> Word {
        check | 1
    }
}

/// The kinds of waits of a thread. The *object* of a wait is the second word about the thread.
pub mod wait {
    /// The thread does not wait. (It runs, or is ready to run.)
    pub const NOTHING: u8 = 0;
    /// The thread waits for a time.
    pub const TIME: u8 = 1;
    /// The thread waits for any of a [set](crate::table::ProcessRow::notifications) of notifications of the process
    /// that it is in.
    pub const NOTIFICATIONS: u8 = 2;
    /// The thread waits for the lock of an exclusive service. The object of the wait has two bytes: the thread that has
    /// the lock, then the number of the lock.
    pub const LOCK: u8 = 3;
    /// The thread waits for a mutex of the process that it is in. The object of the wait is the thread that has the
    /// mutex.
    pub const MUTEX: u8 = 4;
    /// The thread waits for memory of its process that was lent to another thread. The object of the wait is that
    /// thread.
    pub const MEMORY: u8 = 5;
    /// The thread has ended, or is parked. Only a restart of its process wakes it, or a start of a parked thread.
    pub const ENDED: u8 = 6;
}

/// The states of a process.
pub mod state {
    /// The process runs: threads can enter it.
    pub const RUNNING: u8 = 0;
    /// The process is about to start or restart.
    pub const RESETTING: u8 = 1;
    /// The process has stopped.
    pub const STOPPED: u8 = 2;
}
