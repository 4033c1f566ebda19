// SPDX-License-Identifier: MIT OR Apache-2.0
//! The states of a process.
//!
//! ```text
//!             ┌────────────────────── 1 ──────────────────────┐
//!             v                                               │
//!  start ──> down ────── 2 ─────> resetting ────── 3 ─────> running
//!             ^                                               │
//!             │ 5, from each state                            │ 4
//!             │                                               v
//!             └─────────────────────────────────────────── stopped
//!                                                             ^
//!                                        6, from each state ──┘
//! ```
//!
//! | state | meaning |
//! |---|---|
//! | crashed | a bit of `Work::crashed`, and not running: it cannot be entered, and no thread runs until the worker has taken it down. (Not drawn: 1 and 4 lead through it if the worker first has to write a dump or to signal servers, if an interrupt is pending at the crash, or if a grace period has ended) |
//! | down | not running, not `stopped`, and `reset` is 0: its threads are being swept, its [clean-up](crate::restart) is not done, other threads still hold leases of its memory, or it has to wait. (The word has this meaning only here; elsewhere a process is *down* in every state but running) |
//! | resetting | not running, not `stopped`, and `reset` is not 0: that many bytes of its memory have their initial values |
//! | running | a bit of `Kernel::running`: it can be entered |
//! | stopped | `stopped` |
//!
//! | | what happens | by |
//! |---|---|---|
//! | 1 | it crashes, and is to restart | `crash`, `take_down` |
//! | 2 | the first piece of its memory is reset, after all threads are swept, the clean-up is done, no thread holds a lease of its memory, and its wait is over | `advance` |
//! | 3 | the last piece is reset (which may be the first one) | `advance` |
//! | 4 | it crashes, and its policy is to stop, or it crashed too often in a row (then the system is reset if it is the supervisor) | `crash`, `take_down` |
//! | 5 | the supervisor restarts it, in any state | `supervise`, `take_down` |
//! | 6 | the supervisor stops it, in any state | `supervise`, `take_down` |
//!
//! A process that soon crashes again has to wait before it restarts, and the wait grows with each crash.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{ProcessId, ThreadId, Word};

/// A crash counts as the first in a row if the process has not crashed for longer than this time, in µs.
pub(crate) const CALM: u64 = 10_000_000;
/// The wait after the second crash in a row, in µs. It doubles with each further crash.
const BACK_OFF: u32 = 10_000;
/// The greatest number of times that the wait doubles, because the wait has to stay shorter than [`CALM`].
const DOUBLINGS: u8 = 9;

/// The kernel's state of a process, besides its wiring.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// The time of the last crash, in µs since start.
    pub(crate) crashed_at: u64,
    /// The number of bytes of its memory that have been reset.
    pub(crate) reset: Word,
    /// The number of crashes in a row.
    pub(crate) crashes: u8,
    /// The number of pieces of the [clean-up](crate::restart) that are left before it restarts.
    pub(crate) unclean: u8,
    /// The last thread that has been checked since the process was taken down. This thread and all threads before it
    /// hold no lease of the process' memory.
    pub(crate) looked: ThreadId,
    /// True if it stays stopped until the supervisor restarts it.
    pub(crate) stopped: bool,
}

impl Process {
    /// A process that has not started yet.
    pub const NEW: Process = Process {
        crashed_at: 0,
        reset: 0,
        crashes: 0,
        unclean: 0,
        looked: ThreadId::IDLE,
        stopped: false,
    };

    /// Returns the earliest time at which it may start, in µs since start.
    #[inline]
    pub(crate) fn not_before(&self) -> u64 {
        match self.crashes {
            0 | 1 => 0,
            again => self.crashed_at + u64::from(BACK_OFF << (again - 2).min(DOUBLINGS)),
        }
    }
}

impl<P: Port> Kernel<P> {
    /// Returns whether `process` has its memory and can be entered.
    #[must_use]
    #[inline]
    pub fn is_running(&self, process: ProcessId) -> bool {
        self.running.contains(process)
    }
}
