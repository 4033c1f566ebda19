// SPDX-License-Identifier: MIT OR Apache-2.0
//! The questions that a process with the right can [ask](crate::number::OPTIONAL) of the others: the subjects, and
//! what the two words of the answer are.

use crate::Word;
use crate::list::constants;

constants! {
    /// All of them, with their names, and what they are.
    pub const SUBJECTS: [Word];

    /// Of a thread: the [kind](crate::inspect::wait) of what it waits for, the process that it is in, its priority
    /// now, and how many calls it has in flight, a byte each, the first in the lowest; and what it waits for.
    THREAD = 0;

    /// Of a thread: the services that it has called, as in a [`FaultRecord`](crate::FaultRecord).
    CALLS = 1;

    /// Of the stack of a thread, from the next argument on, in bytes above its start: how many bytes were ever used, of
    /// those that were not seen before, and from where on to ask again; 0: that is all.
    STACK = 2;

    /// Of a process: its [state](crate::inspect::state), and how often it has crashed in a row, a byte each; and when
    /// it crashed last, in units of [`DEADLINE_UNIT`](crate::DEADLINE_UNIT) since start.
    PROCESS = 3;

    /// The same as [`READ_FAULT`](crate::number::READ_FAULT), whose arguments follow.
    FAULT = 4;

    /// Of a thread: how long it has run, in µs: the lower 32 bits, and the others. There is no such record where nobody
    /// [counts](crate::table::Budgets::cpu_time).
    TIME_OF_THREAD = 5;

    /// The same of a process: how long threads have run in it, its own and others.
    TIME_OF_PROCESS = 6;

    /// Of a process: how often it has crashed since the system started; and a word of the
    /// [record](crate::FaultRecord) of its last crash, the one of the next argument.
    CRASHES = 7;

    /// Of the [crash dump](crate::inspect::dump), a word; and whether it was written since the system started. Only
    /// for the processes that may read crash dumps.
    DUMP = 8;
}

/// A crash dump: what is kept of the last crash, in memory that nothing resets, as words.
pub mod dump {
    use crate::{FaultRecord, Word};

    /// The [check] of the others.
    pub const CHECK: usize = 0;
    /// When it was, in ms since start.
    pub const TIME: usize = 1;
    /// The record of the crash.
    pub const RECORD: usize = 2;
    /// The number of words of the stack.
    pub const LENGTH: usize = RECORD + FaultRecord::WORDS;
    /// The registers of the thread, if there are such words: on a microcontroller r0 to r15 and xPSR, on Linux rax to
    /// rsp as the CPU numbers them, and rip.
    pub const REGISTERS: usize = LENGTH + 1;
    /// The number of registers.
    pub const REGISTER_COUNT: usize = 17;
    /// The words of the stack from the stack pointer on, as far as they belong to the process that crashed.
    pub const STACK: usize = REGISTERS + REGISTER_COUNT;
    /// The number of words of the stack at most.
    pub const STACK_WORDS: usize = 32;
    /// The number of words that a dump is.
    pub const WORDS: usize = STACK + STACK_WORDS;

    /// The check of the words of a dump. What was in memory when the power came on has another one.
    #[must_use]
    pub fn check(words: &[Word; WORDS]) -> Word {
        let others = words.iter().skip(CHECK + 1);
        others.fold(0x811c_9dc5, |check, &word| (check ^ word).wrapping_mul(0x0100_0193)) | 1
    }
}

/// The kinds of waits of a thread.
pub mod wait {
    /// Nothing. (It runs, or others do.)
    pub const NOTHING: u8 = 0;
    /// A time.
    pub const TIME: u8 = 1;
    /// Any of a [set](crate::table::Process::notifications) of notifications of the process that it is in.
    pub const NOTIFICATIONS: u8 = 2;
    /// The lock of an object: the thread that has it, and the number of the lock, a byte each.
    pub const LOCK: u8 = 3;
    /// A mutex of the process that it is in: the thread that has it.
    pub const MUTEX: u8 = 4;
    /// Memory of its process, which was lent to another: the thread that has it.
    pub const MEMORY: u8 = 5;
    /// Nothing will wake it.
    pub const ENDED: u8 = 6;
}

/// The states of a process.
pub mod state {
    /// It can be entered.
    pub const RUNNING: u8 = 0;
    /// It is about to restart.
    pub const RESETTING: u8 = 1;
    /// It has stopped.
    pub const STOPPED: u8 = 2;
}
