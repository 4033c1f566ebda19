// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the Crossgate kernel and user code.
//!
//! - [`SystemCall`], [`CallError`] and [`Cause`]: the lists from which numbers, texts, tests and tables of the book
//!   come;
//! - [`number`]: the numbers by which a system call is selected;
//! - [`signature`]: the arguments and results of a system call, and the rights that it needs;
//! - [`Status`]: the result of a system call;
//! - [`Shape`]: the kinds of the machine words of a call;
//! - [`table`]: the wiring of a firmware as tables in flash, written by `crossgate::system!`
//!   and read by the kernel;
//! - [`id`]: identifiers of processes, services, threads, ..., and sets of them;
//! - [`FaultRecord`]: the kernel's record of a crash;
//! - [`client`]: what a server can ask about its clients;
//! - [`inspect`]: what a process with the right can ask about others;
//! - [`pool`]: how a process controls the threads of its pools;
//! - [`hosted`]: the devices of the port to Linux.
//!
//! The crate contains no code that acts by itself. Look here first when porting.
#![no_std]

pub mod client;
#[cfg(any(feature = "embedded-hal", feature = "embedded-io"))]
mod driver;
mod error;
mod fault;
pub mod hosted;
pub mod id;
pub mod inspect;
mod list;
#[doc(hidden)]
pub mod message;
pub mod number;
pub mod pool;
mod shape;
pub mod signature;
pub mod table;

pub use error::{CallError, Ran, Status};
pub use fault::{Cause, Detail, FaultRecord, NOBODY};
pub use id::{BudgetId, LockId, NotificationId, ProcessId, ServiceId, Set, ThreadId};
pub use number::SystemCall;
pub use shape::{Kind, Shape};

/// A machine word: a register, an address, a length in bytes.
///
/// It is 32 bits wide on every microcontroller. On a host it is 64 bits wide, but every type uses
/// the same number of words as on a microcontroller, so that a method with too many of them is an
/// error everywhere.
pub type Word = usize;

/// The most calls that one thread can have in flight.
pub const MAX_CALL_DEPTH: usize = 8;
/// The number of argument words that a call carries.
pub const ARGUMENT_WORDS: usize = 4;
/// The number of result words that a call returns.
pub const RESULT_WORDS: usize = 2;
/// The most pieces of memory that one call can be lent.
pub const LEASES_PER_CALL: usize = 2;
/// A flag in the length of lent memory: the caller offers not only these bytes, but the whole block that they begin,
/// which is the smallest of 32, 64, 128, ... bytes that holds them. (Without the flag a protection unit may not open a
/// length that it can't express.)
pub const WHOLE_BLOCK: Word = 1 << (Word::BITS - 1);
/// The number of fault records that the kernel keeps; a new record overwrites the oldest.
pub const FAULT_RECORDS: usize = 2;
/// The number of thread priorities; 0 is the lowest, and only the idle thread has it.
pub const PRIORITIES: usize = 32;
/// The priority of threads whose budget is used up: the lowest that a thread of the wiring can have.
pub const BACKGROUND: u8 = 1;
/// The most processes that a firmware can have.
pub const MAX_PROCESSES: usize = 32;
/// The most threads that a firmware can have, the idle thread included.
pub const MAX_THREADS: usize = 32;
/// The most notifications that a firmware can have, because one byte holds the index of any, and the end of those of a
/// process.
pub const MAX_NOTIFICATIONS: usize = 255;
/// The most notifications that a process can own.
pub const MAX_OWN_NOTIFICATIONS: usize = 32;
/// The most budgets that a firmware can have.
pub const MAX_BUDGETS: usize = 32;
/// The most MMIO ranges that a process can own, if [`MMIO_REGIONS`] regions open them.
pub const MAX_MMIO: usize = 8;
/// The regions of the protection unit that open the MMIO ranges of a process.
pub const MMIO_REGIONS: usize = 2;
/// The unit of the [deadlines](number::SET_DEADLINE) of calls, in µs.
pub const DEADLINE_UNIT: u64 = 1024;
/// A flag in a [deadline](number::SET_DEADLINE) of calls: the other bits are a time from now.
pub const DEADLINE_WITHIN: Word = 1 << 31;
/// The [deadline](number::SET_DEADLINE) of calls that stands for a time that has passed.
pub const DEADLINE_OVER: u16 = u16::MAX;
