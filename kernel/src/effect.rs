// SPDX-License-Identifier: MIT OR Apache-2.0
//! Effects: the actions of the CPU after an event.

use crossgate_abi::{CallError, Status, Word};

/// The action of the CPU after an event, unless the current thread [enters](crate::call::Enter) or
/// [leaves](crate::call::Return) a method.
// The struct fits in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the kernel has decided; the CPU has to follow"]
pub struct Effect {
    /// True if another thread is more urgent now, or the current thread does not continue where it was. Then the port
    /// calls [`reschedule`](crate::Kernel::reschedule), loads the saved context of the thread that is current then, and
    /// carries out what is [pending](crate::thread::Thread::take_pending) for it.
    pub switch: bool,
    pub(crate) outcome: Outcome,
}

impl Effect {
    /// Continues with the most urgent thread.
    pub const SWITCH: Effect = Effect { switch: true, outcome: Outcome::NONE };

    /// Continues with the same thread, whose system call ends with this status.
    #[inline(always)]
    pub const fn reply(status: Status) -> Effect {
        Effect { switch: false, outcome: Outcome::of(status) }
    }

    /// Continues with the same thread, whose system call ends with this error.
    #[inline(always)]
    pub const fn error(error: CallError) -> Effect {
        Effect { switch: false, outcome: Outcome::of(Status(error as Word)) }
    }

    /// Returns the status with which the current system call ends, if it ends now.
    #[inline(always)]
    #[must_use]
    pub fn status(self) -> Option<Status> {
        self.outcome.status()
    }
}

impl From<CallError> for Effect {
    #[inline(always)]
    fn from(error: CallError) -> Effect {
        Effect::error(error)
    }
}

/// The end of a system call, if it ends now. The system call does not end now if the thread waits, has ended, or
/// continues elsewhere.
// A byte, so that an effect fits in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome(u8);

impl Outcome {
    /// The system call does not end now. (No status has this number.)
    pub const NONE: Outcome = Outcome(u8::MAX);

    /// The system call ends with this status.
    #[inline]
    pub const fn of(status: Status) -> Outcome {
        Outcome(status.0 as u8)
    }

    /// Returns the outcome encoded as a status, even [`NONE`](Self::NONE); [`of`](Self::of) decodes it.
    #[inline]
    pub const fn as_status(self) -> Status {
        Status(self.0 as Word)
    }

    /// Returns the status with which the system call ends, if it ends now.
    #[inline(always)]
    pub fn status(self) -> Option<Status> {
        (self != Outcome::NONE).then_some(Status(self.0.into()))
    }
}

impl<T: Into<Status>> From<T> for Outcome {
    #[inline(always)]
    fn from(end: T) -> Outcome {
        Outcome::of(end.into())
    }
}
