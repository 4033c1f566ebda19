// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers by which a system call is selected: a system call is one trap instruction and a *selector* word.
//!
//! The selector of a **call** is the index of a [gate](crate::table::Gate). The selector of another **system call** is
//! the bitwise complement of its number: a small negative number, which costs one instruction to load. The index of a
//! gate is not complemented, because the kernel handles calls most often.
//!
//! The book's chapter *System calls*, which is made from the lists here, describes the registers. Times are
//! microseconds (µs) in two words, the lower first.

use crate::Word;
use crate::list::list;
use crate::signature::{Content, Operand, Right, Route, Signature};

/// Returns the selector of method `method` of the service whose first gate is `gate`.
#[must_use]
pub const fn call(gate: usize, method: usize) -> Word {
    gate.wrapping_add(method)
}

/// Returns the selector of system call `number`, as in `system_call(number::YIELD)`.
#[must_use]
pub const fn system_call(number: Word) -> Word {
    !number
}

/// Makes the [list](list!) of system calls from signatures: the enum, and the numbers as constants.
macro_rules! system_calls {
    (
        $(#[$attribute:meta])*
        pub enum $List:ident;
        $(
            $(#[doc = $line:literal])+
            $NUMBER:ident = $number:literal:
                $Entry:ident($($argument:ident: $content:ident),*) -> $results:tt, $Right:ident, $Route:ident;
        )+
    ) => {
        list! {
            $(#[$attribute])*
            pub enum $List: u16;
            /// Returns the words of the system call, the right that it needs, and the part of the kernel that carries
            /// it out.
            pub fn signature -> &'static Signature;
            $(
                $(#[doc = $line])+
                $Entry = $number,
                concat!("\n`", stringify!($Entry), "(", stringify!($($argument: $content),*), ") -> ",
                    stringify!($results), "`, each word with its [content](Content)") => &Signature {
                    arguments: &[$(Operand { name: stringify!($argument), content: Content::$content }),*],
                    results: results!($results),
                    right: Right::$Right,
                    route: Route::$Route,
                };
            )+
        }

        $(
            #[doc = concat!("The number of [`", stringify!($List), "::", stringify!($Entry), "`].")]
            pub const $NUMBER: Word = $List::$Entry as Word;
        )+
    };
}

/// The results of a signature: `!` if the system call does not return.
macro_rules! results {
    (!) => { None };
    (($($result:ident: $content:ident),*)) => {
        Some(&[$(Operand { name: stringify!($result), content: Content::$content }),*])
    };
}

system_calls! {
    /// The list of all system calls. A call of a method is not in the list, because it has no number.
    ///
    /// The numbers are part of the ABI: an entry keeps its number, and a new entry gets the next number.
    pub enum SystemCall;

    /// Returns from the method that the thread entered last. The status 0 and those of errors reach the caller, except
    /// for `Refused`; any other becomes [`BadReply`](crate::CallError::BadReply). A return outside of a call is a fault.
    RETURN = 0: Return(status: STATUS, first: ANY, second: ANY) -> !, Everyone, Assembly;

    /// Lets the other threads of the same priority run first.
    YIELD = 1: Yield() -> (), Everyone, Assembly;

    // Not `Signal`: if a name occurs twice, the compiler writes its path in messages. They would name the library's
    // `Signal` as `crossgate::Signal`.
    /// Signals a notification, if the wiring lets the process do so; if not, the error is
    /// [`NotPermitted`](crate::CallError::NotPermitted).
    SIGNAL = 2: SendSignal(notification: NOTIFICATION) -> (), Everyone, Assembly;

    /// Waits until one of the notifications is signalled, and consumes the signal. All notifications have to belong to
    /// the current process. When the time is over, the wait ends with the status
    /// [`TIMED_OUT`](crate::Status::TIMED_OUT). A time of 0 is over at once, and a time of all ones is never over. Any
    /// other time is less than 2^62 µs. When the thread has to wait, the kernel replaces the time in the thread's
    /// registers by the time at which the wait ends, and sets the flag [`WAIT_UNTIL`](crate::WAIT_UNTIL). So if the
    /// thread has to try again, its wait still ends at that time.
    WAIT = 3: Wait(set: NOTIFICATIONS, low: LOW, high: HIGH) -> (notification: NOTIFICATION), Everyone, Assembly;

    /// Returns the index of the calling thread.
    THREAD_ID = 4: ThreadId() -> (thread: THREAD), Everyone, Assembly;

    /// Ends the thread. In a call, this is a fault of the process that the thread is in.
    EXIT = 5: Exit() -> !, Everyone, Core;

    /// Returns the time since start.
    NOW = 6: Now() -> (low: LOW, high: HIGH), Everyone, Assembly;

    /// Sleeps for a time.
    SLEEP = 7: Sleep(low: LOW, high: HIGH) -> (), Everyone, Core;

    /// Sleeps until a time since start.
    SLEEP_UNTIL = 8: SleepUntil(low: LOW, high: HIGH) -> (), Everyone, Core;

    /// Unmasks the interrupts that are bound to a notification of the current process. The line of an interrupt is
    /// masked at the start, and again whenever the interrupt arrives.
    ACKNOWLEDGE = 9: Acknowledge(notification: NOTIFICATION) -> (), Everyone, Core;

    /// Waits until a mutex may be free, so that the caller can try to take it again. Meanwhile the thread that holds
    /// the mutex has the priority of the waiting thread, if that is higher. The mutex is a word in the process' memory.
    MUTEX_WAIT = 10: MutexWait(mutex: ADDRESS) -> (), Everyone, Core;

    /// Frees a mutex that the thread holds, and for which other threads wait.
    MUTEX_WAKE = 11: MutexWake(mutex: ADDRESS) -> (), Everyone, Core;

    /// Reports a panic of Rust code, which is a fault of the current process. The first two words are the address and
    /// the length of the file's name.
    PANIC = 12: Panic(file: ADDRESS, length: LENGTH, line: FROM_ONE, column: FROM_ONE) -> !, Everyone, Core;

    /// Reads a word of the [record](crate::FaultRecord) of a fault. To read a word of the record of a
    /// [refused](crate::Cause::Refused) call instead, add [`FaultRecord::WORDS`](crate::FaultRecord::WORDS) to the
    /// index of the word. The two kinds of records are counted separately. If no such record exists, or it has been
    /// overwritten, the status is [`NO_SUCH_RECORD`](crate::Status::NO_SUCH_RECORD), and the result is the number of
    /// records so far.
    READ_FAULT = 13: ReadFault(record: FROM_ZERO, index: FROM_ZERO) -> (word: ANY), Supervisor, Core;

    /// Starts the thread: the thread enters its entry function once the memory of its process has its initial values.
    /// In a call the error is [`NotPermitted`](crate::CallError::NotPermitted).
    BEGIN = 14: Begin() -> !, Everyone, Core;

    /// Restarts a process, whatever it is doing.
    RESTART = 15: Restart(process: PROCESS) -> (), Supervisor, Core;

    /// Stops a process, whatever it is doing.
    STOP = 16: Stop(process: PROCESS) -> (), Supervisor, Core;

    /// Revokes a service: from now on only the processes that the wiring allows may call it, and all handles that were
    /// passed on are void. Calls in flight that other processes have made with such a handle fail with
    /// [`Refused`](crate::CallError::Refused), and waits in these calls fail, as if a deadline had passed. One system
    /// call examines only some threads, beginning with the thread in the second word. The result is the next thread to
    /// examine, or 0 if all have been examined.
    REVOKE = 17: Revoke(gate: GATE, from: THREAD) -> (next: THREAD), Owner, Core;

    /// Sets a deadline for the calls that the thread makes from the method that it is in, or from its home if it is in
    /// no call. When the deadline has passed, these calls end, and the thread enters no further call. The word is a
    /// time less than 2^15 units (33 s) away, or 0 for no deadline, or [`DEADLINE_OVER`](crate::DEADLINE_OVER) (0xffff)
    /// for one that has passed. With [`DEADLINE_WITHIN`](crate::DEADLINE_WITHIN) (bit 31) the word is a time from now
    /// in µs, at most 2^15 - 4 units; 0 means a deadline that has passed. With this bit, a nearer deadline that is
    /// already set stays, and the second result is the time now.
    SET_DEADLINE = 18: SetDeadline(end: DEADLINE) -> (before: DEADLINE, now: TICKS), Deadlines, Assembly;

    /// Makes the call that the thread is in fail with [`Refused`](crate::CallError::Refused) when its method returns.
    /// The kernel also writes a [record](crate::FaultRecord) that names the caller, once in each call.
    REFUSE = 19: Refuse() -> (), InCall, Core;

    /// Returns the process that made the present call of the thread, and the number of the life in which this process
    /// made the call. The number is 0 if no process has `lost_clients` in the wiring, and
    /// [`ENDED`](crate::client::ENDED) if that life has ended.
    CALLER = 20: Caller() -> (process: PROCESS, life: FROM_ONE), InCall, Core;

    /// Does a piece of the work that the kernel has deferred.
    WORK = 21: Work() -> (), Idle, Core;

    /// Carries out an action that only some firmware needs. The subject selects the action and the meaning of the other
    /// words; the subjects are those in [`inspect`](crate::inspect), [`client`](crate::client),
    /// [`pool`](crate::pool) and [`power`](crate::power). If nothing has this index, the status is
    /// [`NO_SUCH_RECORD`](crate::Status::NO_SUCH_RECORD).
    OPTIONAL = 22: Optional(subject: SUBJECT, index: ANY, more: ANY) -> (first: ANY, second: ANY), Wiring, Core;
}

pub mod hosted;
