// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of calls and of firmware.

/// The most calls that one thread can have in flight.
pub const MAX_CALL_DEPTH: usize = 8;
/// The number of argument words that a call carries.
pub const ARGUMENT_WORDS: usize = 4;
/// The number of result words that a call returns.
pub const RESULT_WORDS: usize = 2;
/// The most pieces of memory that one call can lend. A higher limit needs more [`ARGUMENT_WORDS`], because a lease
/// takes two words. It also needs more regions of each protection unit, which a port's `protection`, `exit` and
/// `fast_path` open and close. The message in `crossgate/src/shape.rs` states the number. `LEASES` in the kernel's
/// `lease` limits the leases of a thread.
pub const LEASES_PER_CALL: usize = 2;
/// The number of records that the kernel keeps of each kind: refused calls are one kind, and all other events are the
/// other. A new record overwrites the oldest of its kind.
pub const FAULT_RECORDS: usize = 2;
/// The number of thread priorities; 0 is the lowest, and only the idle thread has it.
pub const PRIORITIES: usize = 32;
/// The most processes that a firmware can have.
pub const MAX_PROCESSES: usize = 32;
/// The most threads that a firmware can have, the idle thread included.
pub const MAX_THREADS: usize = 32;
/// The most notifications that a firmware can have, because one byte holds the index of a notification, or the end of
/// the range of a process.
pub const MAX_NOTIFICATIONS: usize = 255;
/// The most notifications that a process can own.
pub const MAX_OWN_NOTIFICATIONS: usize = 32;
/// The most interrupt lines that a firmware can bind, because one byte holds the index of a binding.
pub const MAX_INTERRUPTS: usize = 255;
/// The most interrupt lines that one notification can have. The kernel unmasks all of them while it holds off
/// interrupts.
pub const MAX_OWN_INTERRUPTS: usize = 8;
/// The most budgets that a firmware can have.
pub const MAX_BUDGETS: usize = 32;
/// The most MMIO ranges that a process can own, if [`MMIO_REGIONS`] regions open them.
pub const MAX_MMIO: usize = 8;
/// The regions of the protection unit that open the MMIO ranges of a process.
pub const MMIO_REGIONS: usize = 2;
