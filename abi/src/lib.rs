// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the Crossgate kernel and user code.
//!
//! - [`SystemCall`], [`CallError`] and [`Cause`]: lists, from which the numbers, the texts, tests, and the tables in
//!   the book are made;
//! - [`number`]: the numbers by which a system call is selected;
//! - [`signature`]: the arguments and results of a system call, and the rights that it needs;
//! - [`Status`]: the result of a system call;
//! - [`Shape`]: the number of machine words of a call, and the kind of each;
//! - [`table`]: the wiring of a firmware as tables in flash, written by `crossgate::system!`
//!   and read by the kernel;
//! - [`id`]: identifiers of processes, services, threads, ..., and sets of them;
//! - [`FaultRecord`]: the kernel's record of a crash, or of another event;
//! - [`client`]: the question that a server can ask about its clients;
//! - [`inspect`]: the questions that a process with the right can ask about others;
//! - [`pool`]: how a process controls the threads of its pools;
//! - [`power`]: how deep the CPU sleeps, and which process says so;
//! - [`hosted`]: the devices of the port to Linux.
//!
//! The crate contains only definitions. Read it first when you write a port.
#![no_std]

pub mod client;
#[cfg(any(feature = "embedded-hal", feature = "embedded-io"))]
mod driver_error;
mod error;
mod fault;
pub mod hosted;
pub mod id;
pub mod inspect;
mod limits;
mod list;
#[doc(hidden)]
pub mod message;
pub mod pool;
pub mod power;
mod shape;
pub mod signature;
mod system_call;
pub mod table;

pub use error::{CallError, Ran, Status};
pub use fault::{Cause, Detail, FaultRecord, NOBODY};
pub use id::{BudgetId, LockId, NotificationId, ProcessId, ServiceId, Set, ThreadId};
pub use limits::{
    ARGUMENT_WORDS, FAULT_RECORDS, LEASES_PER_CALL, MAX_BUDGETS, MAX_CALL_DEPTH, MAX_INTERRUPTS,
    MAX_MMIO, MAX_NOTIFICATIONS, MAX_OWN_INTERRUPTS, MAX_OWN_NOTIFICATIONS, MAX_PROCESSES,
    MAX_THREADS, MMIO_REGIONS, PRIORITIES, RESULT_WORDS,
};
pub use shape::{Kind, Shape};
pub use system_call::SystemCall;

/// The numbers of system calls, and the selectors of calls and system calls.
pub mod number {
    pub use crate::system_call::*;
}

/// A machine word: a register, an address, a length in bytes.
///
/// A word has 32 bits on every microcontroller. On a host it has 64 bits, but every type uses the same number of words
/// as on a microcontroller, so that a method with too many words is an error everywhere.
pub type Word = usize;

/// A flag in the length of lent memory: the caller offers the whole block that begins with these bytes. The block is
/// the smallest one of 32, 64, 128, ... bytes that holds them. (Without the flag, the kernel refuses memory of a stack
/// that no region can open exactly.)
pub const WHOLE_BLOCK: Word = 1 << (Word::BITS - 1);
/// The priority of threads whose budget is used up: the lowest that a thread of the wiring can have.
pub const BACKGROUND: u8 = 1;
/// A flag in the upper word of the time limit of a [wait](number::WAIT): the other bits of both words are the time at
/// which the wait ends, in µs since start.
pub const WAIT_UNTIL: Word = 1 << 31;
/// The unit of the [deadlines](number::SET_DEADLINE) of calls, in µs.
pub const DEADLINE_UNIT: u64 = 1024;
/// A flag in a [deadline](number::SET_DEADLINE) of calls: the other bits are a time from now.
pub const DEADLINE_WITHIN: Word = 1 << 31;
/// The value of a [deadline](number::SET_DEADLINE) of calls whose time has already passed.
pub const DEADLINE_OVER: u16 = u16::MAX;
