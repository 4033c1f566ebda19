// SPDX-License-Identifier: MIT OR Apache-2.0
//! The effect of an event on the CPU.

use crossgate_abi::{CallError, Status, Word};

/// The task of the CPU after an event, unless the current thread [enters](crate::call::Enter) or
/// [leaves](crate::call::Return) a method.
// It fits a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the kernel has decided; the CPU has to follow"]
pub struct Effect {
    /// True if another thread (or another place of the same) is current now: then its saved context
    /// is to be loaded, and what is [pending](crate::thread::Thread::take_pending) for it to be settled.
    pub switch: bool,
    pub(crate) outcome: Outcome,
}

impl Effect {
    /// Go on as if nothing had happened.
    pub const CONTINUE: Effect = Effect { switch: false, outcome: Outcome::NONE };
    /// Go on with the thread that is current now.
    pub const SWITCH: Effect = Effect { switch: true, outcome: Outcome::NONE };

    /// Go on with the same thread, whose system call ends like this.
    #[inline(always)]
    pub const fn reply(status: Status) -> Effect {
        Effect { switch: false, outcome: Outcome::of(status) }
    }

    /// The same, with an error.
    #[inline(always)]
    pub const fn error(error: CallError) -> Effect {
        Effect { switch: false, outcome: Outcome::of(Status(error as Word)) }
    }

    /// Returns how the system call of the thread that made it ends, if it does now.
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

/// The end of a system call, if it ends now. It does not if the thread waits, or has ended, or goes on elsewhere.
// A byte, so that it fits a register, and an effect does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome(u8);

impl Outcome {
    /// It does not end now. (No status has this number.)
    pub const NONE: Outcome = Outcome(u8::MAX);

    /// It ends like this.
    pub const fn of(status: Status) -> Outcome {
        Outcome(status.0 as u8)
    }

    /// The same as a status, to be made an outcome again.
    pub const fn as_status(self) -> Status {
        Status(self.0 as Word)
    }

    /// Returns how it ends, if it does now.
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
