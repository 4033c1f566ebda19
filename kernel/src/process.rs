//! The life of a process.
//!
//! A process goes down in a moment: from then on nothing enters it. What is left of it, its visitors and those who are
//! to come back to it, is [swept](crate::work) away in pieces, each thread before it runs again.
//!
//! A process begins with its memory being reset to its initial values, at boot and after each fault
//! alike. That is done in slices, by the threads that want it: by its own, each of which begins with a
//! [system call](crossgate_abi::number::BEGIN) that lets it go on when the memory is ready, and by
//! those that call one of its services. So interrupts are never held off for long, the work is done at
//! the priority of who needs it first, and no thread of the kernel's own is needed.
//!
//! ```text
//!          fault: policy restart              last slice
//! running ───────────────────────> resetting ───────────> running
//!    │                                 ^
//!    │ fault: policy stop or ask, or   │ the supervisor
//!    └─────── too many crashes ───> stopped
//! ```
//!
//! A process that crashes again soon waits before it begins anew, and longer each time. If the supervisor
//! crashes too often, nobody could decide any more: the system is reset.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::Word;

/// A crash this long after the one before, in µs, counts as the first.
pub(crate) const CALM: u64 = 10_000_000;
/// The wait after the second crash in a row, in µs; it doubles with each one more, ...
const BACK_OFF: u32 = 10_000;
/// ... so many times at most: it has to stay shorter than the calm.
const DOUBLINGS: u8 = 9;

/// What the kernel knows of a process besides its wiring.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// When it crashed last, in µs since start.
    pub(crate) crashed_at: u64,
    /// How far its memory has been reset, in bytes.
    pub(crate) reset: Word,
    /// How often it crashed in a row.
    pub(crate) crashes: u8,
    /// The threads up to this one hold none of its memory, since it went down.
    pub(crate) looked: u8,
    pub(crate) stopped: bool,
}

impl Process {
    /// A process that has not begun yet.
    pub const NEW: Process =
        Process { crashed_at: 0, reset: 0, crashes: 0, looked: 0, stopped: false };

    /// When it may begin, in µs since start.
    pub(crate) fn not_before(&self) -> u64 {
        match self.crashes {
            0 | 1 => 0,
            again => self.crashed_at + u64::from(BACK_OFF << (again - 2).min(DOUBLINGS)),
        }
    }
}

impl<P: Port> Kernel<P> {
    /// Whether `process` has its memory and can be entered.
    pub(crate) fn is_running(&self, process: u8) -> bool {
        self.running.rotate_right(process.into()) & 1 != 0
    }
}
