// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of other processes: threads, their stacks, processes.
//!
//! A process with `inspects;` in the wiring may ask about one thread or process at a time. It cannot read the memory of
//! other processes, and can't change anything. Processes, threads, notifications and services are identified by numbers
//! here, in the order of the wiring. The tables of the wiring have their names: `SYSTEM.threads[1].name`. (The thread
//! of index 0 is the kernel's idle thread.)
//!
//! ```no_run
//! # fn look(system: &crossgate::abi::table::System) -> Result<(), crossgate::CallError> {
//! use crossgate::inspect;
//! for (index, thread) in (0..).zip(system.threads) {
//!     let (state, used) = (inspect::thread(index)?, inspect::stack_used(index)?);
//!     // thread.name: state.waits, used of thread.stack_size
//! #   let _ = (thread.name, state, used);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! If no process of a firmware may inspect, the kernel has no code for it, and stacks are not filled with a pattern at
//! the start.

use crate::CallError;
use crate::arch::system_call;
use crate::fault::{FaultRecord, decode};
use core::time::Duration;
use crossgate_abi::inspect::{
    CALLS, CRASHES, PROCESS, STACK, THREAD, TIME_OF_PROCESS, TIME_OF_THREAD, state, wait,
};
use crossgate_abi::{DEADLINE_UNIT, MAX_CALL_DEPTH, NOBODY, Status, Word, number};

/// The state of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The process in which the thread executes: its home, or that of the service that it has called last.
    pub process: u8,
    /// The present priority of the thread: its priority in the wiring, a higher one that it inherits from a waiting
    /// thread, or the background priority if its budget is used up.
    pub priority: u8,
    /// The number of calls that the thread has in flight.
    pub depth: u8,
    /// The reason why the thread waits.
    pub waits: Wait,
}

/// The kind of a thread's wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: the thread runs, or is ready.
    Nothing,
    /// A time.
    Time,
    /// Notifications of the process in which the thread executes: bit 31 is the first notification of this process, bit
    /// 30 the second, and so on.
    Notifications(u32),
    /// An object that lets one call in at a time.
    Object {
        /// The number of its lock.
        lock: u8,
        /// The thread that is in the object.
        holder: Option<u8>,
    },
    /// A mutex of the process in which the thread executes, and the thread that holds the mutex.
    Mutex(Option<u8>),
    /// Memory of the thread's home process. It is lent to a call of another thread, which is given here. The home
    /// process restarts when this call has ended.
    Memory(Option<u8>),
    /// Nothing wakes the thread: it has ended.
    Ended,
}

/// The state of a process and its crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The state: running, about to restart, or stopped.
    pub state: State,
    /// The number of crashes in a row: each of them came a short time after the crash before.
    pub crashes: u8,
    /// The time of the last crash since the start of the system. It is at most 1 ms too early. (It wraps around after
    /// 51 days.)
    pub crashed_at: Option<Duration>,
}

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// The process restarts as soon as one of its own threads or a caller needs it.
    Resetting,
    /// It has stopped.
    Stopped,
}

/// Returns the state of a thread.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the caller may not inspect, or if there is no such thread.
pub fn thread(index: u8) -> Result<Thread, CallError> {
    let [who, what] = ask(THREAD, index, 0)?;
    let byte = |shift: u32| (who >> shift) as u8;
    let holder = Some(what as u8).filter(|&holder| holder != NOBODY);
    let waits = match byte(0) {
        wait::NOTHING => Wait::Nothing,
        wait::TIME => Wait::Time,
        wait::NOTIFICATIONS => Wait::Notifications(what as u32),
        wait::LOCK => Wait::Object { lock: (what >> 8) as u8, holder },
        wait::MUTEX => Wait::Mutex(holder),
        wait::MEMORY => Wait::Memory(holder),
        _ => Wait::Ended,
    };
    Ok(Thread { process: byte(8), priority: byte(16), depth: byte(24), waits })
}

/// Returns the services of the calls that a thread has in flight, the outermost call first. Their number is the
/// thread's [`depth`](Thread::depth).
///
/// # Errors
/// As for [`thread`].
pub fn calls(index: u8) -> Result<[u8; MAX_CALL_DEPTH], CallError> {
    let chain = ask(CALLS, index, 0)?;
    Ok(core::array::from_fn(|call| (chain[call / 4] >> (call % 4 * 8)) as u8))
}

/// Returns the number of bytes of its stack that a thread has ever used since the system started.
///
/// The kernel has filled the stack with a pattern at the start. One system call checks only a few words for this
/// pattern. So on a microcontroller this function makes one system call for each 112 bytes that are still unused. (A
/// hostile thread could write the pattern into its stack again, so that it seems to have used less.)
///
/// # Errors
/// As for [`thread`].
pub fn stack_used(index: u8) -> Result<usize, CallError> {
    let (mut used, mut from) = (0, 0);
    loop {
        let [more, next] = ask(STACK, index, from)?;
        used += more;
        if next <= from {
            return Ok(used);
        }
        from = next;
    }
}

/// Returns the state of a process.
///
/// # Errors
/// As for [`thread`].
pub fn process(index: u8) -> Result<Process, CallError> {
    let [what, crashed_at] = ask(PROCESS, index, 0)?;
    let state = match what as u8 {
        state::RUNNING => State::Running,
        state::RESETTING => State::Resetting,
        _ => State::Stopped,
    };
    let crashes = (what >> 8) as u8;
    let has_crashed = crashes != 0 || crashed_at != 0;
    let crashed_at =
        has_crashed.then_some(Duration::from_micros(crashed_at as u64 * DEADLINE_UNIT));
    Ok(Process { state, crashes, crashed_at })
}

/// Returns the number of times that a process has crashed since the system started, and the record of the last crash.
///
/// # Errors
/// As for [`thread`].
pub fn crashes(index: u8) -> Result<(u32, Option<FaultRecord>), CallError> {
    let mut words = [0; FaultRecord::WORDS];
    let mut count = None;
    loop {
        let mut is_whole = true;
        for (number, word) in words.iter_mut().enumerate() {
            let [now, value] = ask(CRASHES, index, number)?;
            is_whole &= count.is_none_or(|before| before == now) || number == 0;
            (*word, count) = (value, Some(now));
        }
        // Otherwise the process has crashed again during the read.
        if is_whole {
            let count = count.unwrap_or(0);
            return Ok((count as u32, (count != 0).then(|| decode(&words))));
        }
    }
}

/// Returns how long a thread has run since the system started, in any process; `None` if the wiring does not say
/// `cpu_time;`, or if there is no such thread. Time in the kernel counts for the thread that the kernel serves or
/// interrupts.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the caller may not inspect.
pub fn cpu_time_of_thread(index: u8) -> Result<Option<Duration>, CallError> {
    time(TIME_OF_THREAD, index)
}

/// Returns how long threads have run in a process since the system started: its own threads while they are not in a
/// call, and the threads of other processes while they are in a call of its services. Everything else is as for
/// [`cpu_time_of_thread`].
///
/// # Errors
/// As for [`cpu_time_of_thread`].
pub fn cpu_time_of_process(index: u8) -> Result<Option<Duration>, CallError> {
    time(TIME_OF_PROCESS, index)
}

fn time(subject: Word, index: u8) -> Result<Option<Duration>, CallError> {
    let reply = system_call(number::OPTIONAL, [subject, index.into(), 0]);
    let [low, high] = reply.words;
    match Status(reply.status) {
        Status::OK => Ok(Some(Duration::from_micros((high as u64) << 32 | low as u64))),
        Status::NO_SUCH_RECORD => Ok(None),
        status => Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted)),
    }
}

fn ask(subject: Word, index: u8, from: Word) -> Result<[Word; 2], CallError> {
    let reply = system_call(number::OPTIONAL, [subject, index.into(), from]);
    match Status(reply.status) {
        Status::OK => Ok(reply.words),
        status => Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted)),
    }
}
