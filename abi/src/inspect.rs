//! What a process with the right can [ask](crate::number::INSPECT) of the others: the subjects, and what the two
//! words of the answer are.

use crate::Word;

/// Of a thread: the [kind](wait) of what it waits for, the process that it is in, its priority now, and how many
/// calls it has in flight, a byte each, the first in the lowest; and what it waits for.
pub const THREAD: Word = 0;
/// Of a thread: the services that it has called, as in a [`FaultRecord`](crate::FaultRecord).
pub const CALLS: Word = 1;
/// Of the stack of a thread, from some bytes above its start on, the next argument: how many bytes were ever used,
/// of those that were not seen before, and from where on to ask again; 0: that is all.
pub const STACK: Word = 2;
/// Of a process: its [state], and how often it has crashed in a row, a byte each; and when it crashed last, in
/// units of [`LIMIT_UNIT`](crate::LIMIT_UNIT) since start.
pub const PROCESS: Word = 3;
/// The same as [`READ_FAULT`](crate::number::READ_FAULT), whose arguments follow.
pub const FAULT: Word = 4;

/// Of a thread: how long it has run, in µs: the lower 32 bits, and the others. There is no such record where nobody
/// [counts](crate::table::Budgets::cpu_time).
pub const TIME_OF_THREAD: Word = 5;
/// The same of a process: how long threads have run in it, its own and others.
pub const TIME_OF_PROCESS: Word = 6;

/// What a thread waits for.
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

/// What a process does.
pub mod state {
    /// It can be entered.
    pub const RUNNING: u8 = 0;
    /// It is about to begin anew.
    pub const RESETTING: u8 = 1;
    /// It has stopped.
    pub const STOPPED: u8 = 2;
}
