//! System calls: one trap instruction, and a *selector* word that says what is wanted.
//!
//! A selector is either a **call**, the index of a [gate](crate::table::Gate), or the bitwise complement of a
//! **system call number** (a small negative number, which costs one instruction to load).
//! A call comes first because it is what the kernel does most.
//!
//! | architecture | trap | selector | arguments | results |
//! |---|---|---|---|---|
//! | Cortex-M | `svc 0` | r12 | r0-r3 | r0 status, r1, r2 |
//! | hosted, x86-64 | `call` of the gate | rax | rdi, rsi, rdx, rcx | rax status, rdx, rcx |
//!
//! Times are microseconds (µs) in two words, the lower first.

use crate::Word;

/// The selector of method `method` of the service whose first gate is `gate`.
#[must_use]
pub const fn call(gate: usize, method: usize) -> Word {
    gate.wrapping_add(method)
}

/// The selector of system call `number`, as in `system_call(number::YIELD)`.
#[must_use]
pub const fn system_call(number: Word) -> Word {
    !number
}

/// Leaves the method that the kernel entered last. Arguments: status (only 0 and
/// [`CallError::BadArgument`](crate::CallError::BadArgument) pass), two result words.
/// Does not come back; without a call in flight it is a fault.
pub const RETURN: Word = 0;
/// Lets other threads of the same priority run.
pub const YIELD: Word = 1;
/// Ends the thread. Does not come back. In a foreign process it is a fault of that process.
pub const EXIT: Word = 5;
/// Result: the index of the calling thread.
pub const THREAD_ID: Word = 4;
/// Results: time since start in µs, lower and upper word.
pub const NOW: Word = 6;
/// Arguments: how long to sleep in µs, lower and upper word.
pub const SLEEP: Word = 7;
/// Arguments: the time to sleep until in µs since start, lower and upper word.
pub const SLEEP_UNTIL: Word = 8;
/// Argument: index of a notification that this process may signal.
pub const SIGNAL: Word = 2;
/// Arguments: a [set](crate::table::Process::notifications) of notifications that this process owns; how long to
/// wait in µs, lower and upper word (all ones: for ever; 0: don't wait).
/// Result: the index (in the firmware) of the notification that was consumed; or status
/// [`TIMED_OUT`](crate::Status::TIMED_OUT).
pub const WAIT: Word = 3;
/// Argument: index of a notification that this process owns. Unmasks the interrupts bound to it,
/// which are masked at start and when they arrive.
pub const ACKNOWLEDGE: Word = 9;
/// Argument: address of a mutex word. Comes back when the mutex may be free: try again then.
pub const MUTEX_WAIT: Word = 10;
/// Argument: address of a mutex word that this thread holds and that others wait for. Frees it.
pub const MUTEX_WAKE: Word = 11;
/// A panic. Arguments: address and length in bytes of the file name, line, column.
/// Does not come back: it is a fault of the current process.
pub const PANIC: Word = 12;
/// Arguments: sequence number of a crash (counted from 0), index of a word of its record. Or the sequence
/// number of a [refused](crate::Cause::Refused) call, and that index more
/// [`WORDS`](crate::FaultRecord::WORDS).
/// Result: that word of the [`FaultRecord`](crate::FaultRecord); or, with status
/// [`NO_SUCH_RECORD`](crate::Status::NO_SUCH_RECORD), how many faults there have been. Only for the
/// process that the wiring tells of faults.
pub const READ_FAULT: Word = 13;
/// Begins the thread: comes back at its entry when the memory of its process has its initial values.
pub const BEGIN: Word = 14;
/// Argument: index of a process, which begins anew, whatever it does. Only for the process that the
/// wiring tells of faults.
pub const RESTART: Word = 15;
/// Argument: index of a process, which stops, whatever it does. Only for the process that the wiring
/// tells of faults.
pub const STOP: Word = 16;
/// Arguments: index of a gate of a service of the current process; the first thread to look at. Only those whom the
/// wiring lets call the service still may: all handles of it that were passed on are void at once. Calls that others
/// are in by such a handle fail with [`CallError::Refused`](crate::CallError::Refused), and so do their waits, as if a
/// deadline were over; that is done for some threads, from that one on. Result: the next one to look at; 0 if that were
/// all.
pub const REVOKE: Word = 17;
/// Argument: the lower 16 bits of a time since start in units of [`LIMIT_UNIT`](crate::LIMIT_UNIT), less
/// than 2^15 of them (33 s) away, or 0 for none, or [`LIMIT_OVER`](crate::LIMIT_OVER). Calls that the thread
/// makes from where it is have to end until then, and none is entered later. Or, with
/// [`LIMIT_WITHIN`](crate::LIMIT_WITHIN), a time from now in µs, at most 2^15 - 4 of those units; 0: none is entered.
/// Then a limit in force that is nearer stays. Results: what was in force before, and, with a time from now, the
/// lower 32 bits of the units since start.
pub const LIMIT: Word = 18;
/// Results: the index of the process that made the call that the thread is in; and the number of the life in which it
/// did, from 1 on, if somebody is told of lost clients, or 0, or [`ENDED`](crate::client::ENDED).
pub const CALLER: Word = 20;
/// Ends the call that the thread is in with [`CallError::Refused`](crate::CallError::Refused), when its
/// method returns, and notes who made it, once a call, in a [`FaultRecord`](crate::FaultRecord).
pub const REFUSE: Word = 19;

/// Does a piece of the work that the kernel has put off. It exists for the idle thread only, while there is
/// something to do.
pub const WORK: Word = 21;

/// Arguments: a subject, an index, and what the subject wants more. Where nothing in the wiring needs it there is no such
/// system call, or not this subject.
///
/// | subject | results |
/// |---|---|
/// | of [`inspect`](crate::inspect) | what it says of the two words, or status [`NO_SUCH_RECORD`](crate::Status::NO_SUCH_RECORD) if there is none of this index. Only for processes that may inspect |
/// | of [`client`](crate::client) | the same. Only for processes that are told of lost clients |
/// | of [`pool`](crate::pool) | none. Only for processes with a pool of threads |
pub const OPTIONAL: Word = 22;
/// The same, by the first of its uses.
pub const INSPECT: Word = OPTIONAL;

/// System calls that only the hosted port has.
pub mod hosted {
    use crate::Word;

    /// Argument: the index of a process. Results: where its name is, and how long; 0 if there is none.
    pub const NAME: Word = 0x107;
    /// An interrupt has come.
    pub const INTERRUPT: Word = 0x100;
    /// The idle thread waits for an interrupt.
    pub const IDLE: Word = 0x101;
    /// Argument: the index of a gate. Result: the [`interface`](crate::table::Service::interface)
    /// function of its service if it is the first gate of that, or 0.
    pub const INTERFACE: Word = 0x102;
    /// Arguments: the start of a device's window, which the process owns; a register of the
    /// [device](crate::hosted). Result: what is in the register.
    pub const DEVICE_READ: Word = 0x103;
    /// Arguments: the same, and what to write into the register.
    pub const DEVICE_WRITE: Word = 0x104;
    /// Argument: a byte, which is written to the standard error. Only for programs that are told to let
    /// every process do it, which tests are.
    pub const SAY: Word = 0x105;
    /// Argument: an exit status, with which the program ends. The same.
    pub const END: Word = 0x106;
}
