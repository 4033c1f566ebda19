// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of a process.
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
//! | state | is |
//! |---|---|
//! | down | not `stopped`, with `reset` 0: its threads are being swept, lent memory comes back, or it has to wait |
//! | resetting | not `stopped`, with `reset` other than 0: so much of its memory has its initial values |
//! | running | a bit of `Kernel::running`: it can be entered |
//! | stopped | `stopped` |
//!
//! | | what happens | by |
//! |---|---|---|
//! | 1 | it crashes, and is to start over | `crash`, `take_down` |
//! | 2 | the first slice of its memory is reset: no thread is unswept or holds its memory, and it waited long enough | `advance` |
//! | 3 | the last slice is reset (which may be the first one) | `advance` |
//! | 4 | it crashes, and its policy is to stop, or it crashed too often in a row; for the supervisor the system is reset | `crash`, `take_down` |
//! | 5 | the supervisor restarts it, in whatever state it is | `supervise`, `take_down` |
//! | 6 | the supervisor stops it, in whatever state it is | `supervise`, `take_down` |
//!
//! A process that crashes again soon waits before it starts over, and longer each time.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{ProcessId, ThreadId, Word};

/// A crash this long after the one before, in µs, counts as the first.
pub(crate) const CALM: u64 = 10_000_000;
/// The wait after the second crash in a row, in µs; it doubles with each one more, ...
const BACK_OFF: u32 = 10_000;
/// ... so many times at most: it has to stay shorter than the calm.
const DOUBLINGS: u8 = 9;

/// The state of a process, besides its wiring.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// When it crashed last, in µs since start.
    pub(crate) crashed_at: u64,
    /// The progress of the reset of its memory, in bytes.
    pub(crate) reset: Word,
    /// The number of times that it crashed in a row.
    pub(crate) crashes: u8,
    /// The threads up to this one hold none of its memory, since it went down.
    pub(crate) looked: ThreadId,
    /// True if it stays down until the supervisor restarts it.
    pub(crate) stopped: bool,
}

impl Process {
    /// A process that has not started yet.
    pub const NEW: Process =
        Process { crashed_at: 0, reset: 0, crashes: 0, looked: ThreadId::IDLE, stopped: false };

    /// When it may start, in µs since start.
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
    pub fn is_running(&self, process: ProcessId) -> bool {
        self.running.contains(process)
    }
}
