// SPDX-License-Identifier: MIT OR Apache-2.0
//! The binary interface between the Crossgate kernel and user code.
//!
//! - [`SystemCall`], [`CallError`] and [`Cause`]: the lists from which numbers, texts, tests and tables of the book come;
//! - [`number`]: how a system call says what it wants;
//! - [`signature`]: what a system call takes and returns, and who may make it;
//! - [`Status`]: how it ends;
//! - [`Shape`]: what the machine words of a call are;
//! - [`table`]: the wiring of a firmware as tables in flash, written by `crossgate::system!`
//!   and read by the kernel;
//! - [`id`]: which process, service, thread, ..., and sets of them;
//! - [`FaultRecord`]: what the kernel remembers of a process that crashed;
//! - [`client`]: what a server can ask of those who call it;
//! - [`inspect`]: what a process with the right can ask of the others;
//! - [`pool`]: what a process does with the threads of its pools;
//! - [`hosted`]: the devices of the port to Linux.
//!
//! Nothing here executes: this crate is the contract, and the place to look first when porting.
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

/// The number of calls of one thread that can be in flight at a time.
pub const MAX_CALL_DEPTH: usize = 8;
/// The number of words of arguments that a call carries.
pub const ARGUMENT_WORDS: usize = 4;
/// The number of words of results that a call brings back.
pub const RESULT_WORDS: usize = 2;
/// The number of pieces of memory that one call can be lent.
pub const LEASES_PER_CALL: usize = 2;
/// In the length of lent memory: not only these bytes are offered, but the whole block that they begin, the
/// smallest of 32, 64, 128, ... bytes that holds them. (Else a protection unit may not open a
/// length that it can't express.)
pub const WHOLE_BLOCK: Word = 1 << (Word::BITS - 1);
/// The number of fault records that the kernel keeps; older ones are overwritten.
pub const FAULT_RECORDS: usize = 2;
/// The number of thread priorities; 0 is the lowest, and is the idle thread's.
pub const PRIORITIES: usize = 32;
/// The priority of threads whose budget is used up: the lowest that a thread of the wiring can have.
pub const BACKGROUND: u8 = 1;
/// The most processes that a firmware can have.
pub const MAX_PROCESSES: usize = 32;
/// The most threads that a firmware can have, the idle thread included.
pub const MAX_THREADS: usize = 32;
/// The most notifications that a firmware can have: a byte tells any of them, and where those of a process end.
pub const MAX_NOTIFICATIONS: usize = 255;
/// The most notifications that a process can own.
pub const MAX_OWN_NOTIFICATIONS: usize = 32;
/// The most budgets that a firmware can have.
pub const MAX_BUDGETS: usize = 32;
/// The most MMIO ranges that a process can own.
pub const MAX_MMIO: usize = 2;
/// The unit of the [deadlines](number::SET_DEADLINE) of calls, in µs.
pub const DEADLINE_UNIT: u64 = 1024;
/// In a [deadline](number::SET_DEADLINE) of calls: the other bits are a time from now.
pub const DEADLINE_WITHIN: Word = 1 << 31;
/// The [deadline](number::SET_DEADLINE) of calls whose time is over.
pub const DEADLINE_OVER: u16 = u16::MAX;
