// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::Word;
use crate::list::{constants, list};
use core::fmt;

list! {
    /// The reason why a call failed. All code, texts and tables for these errors come from this list.
    ///
    /// The method's own `Result` is *inside* the result of the call: in `disk.read(at, &mut block)??` the first `?`
    /// handles an error of the call, and the second an error of the disk. The numbers are part of the ABI.
    #[non_exhaustive]
    pub enum CallError: u8;
    /// A short text that says what went wrong, and whether the method has run.
    fn told -> (&'static str, Ran);

    /// The handle or the number of the method is forged: the wiring has no such method of a service.
    NoSuchService = 1 => ("no such service", Ran::No);

    /// The wiring does not give the service (or notification) to the calling process. Mention its name in the block of
    /// that process.
    NotPermitted = 2 => ("not permitted by the wiring", Ran::No);

    /// The thread already has 8 calls in flight ([`MAX_CALL_DEPTH`](crate::MAX_CALL_DEPTH)), or the thread would hold
    /// more than 4 leases in all its calls.
    TooDeep = 3 => ("too many calls in flight", Ran::No);

    /// The thread has less stack left than the call needs according to the declaration of the service. Give the thread
    /// a larger stack.
    StackTooSmall = 4 => ("too little stack left for the call", Ran::No);

    /// During this call the server crashed, or the supervisor restarted or stopped it. (The thread may have been in a
    /// process that the server had called.)
    ServerFaulted = 5 => ("the server faulted", Ran::Perhaps);

    /// The server was down before the call: it is stopped, or has not restarted yet. Try again after a pause.
    ServerDown = 6 => ("the server is down", Ran::No);

    /// The call took longer than the caller allowed.
    DeadlineExceeded = 7 => ("deadline exceeded", Ran::Perhaps);

    /// The call would wait for a lock or a process that itself waits for the calling thread.
    Deadlock = 8 => ("would deadlock", Ran::No);

    /// An argument was not a valid value of its type, so the server's thunk refused it. Only a forged call has such
    /// an argument.
    BadArgument = 9 => ("bad argument", Ran::No);

    /// The lent memory is a slice of more than 4096 bytes that can't be lent without exposing bytes beside it. Lend a
    /// constant or a `shared!` static instead. (A shorter slice is copied. A forged call gets this error for any memory
    /// that the caller may not lend.)
    BadLease = 10 => ("memory of more than 4096 bytes is lent only if it is a constant or `shared!`", Ran::No);

    /// The reply was not a valid value of its type, so the caller's stub refused it.
    BadReply = 11 => ("bad reply", Ran::Yes);

    /// The server reported that the call broke the rules of the server's protocol, or the server revoked the handle
    /// during the call.
    Refused = 12 => ("refused by the server", Ran::Yes);
}

/// The progress of a failed call: whether the method has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The method has not run.
    No,
    /// The method has run, but perhaps not to its end.
    Perhaps,
    /// The method has run to its end.
    Yes,
}

impl CallError {
    /// Returns a short text that says what went wrong.
    #[inline(always)]
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.told().0
    }

    /// Returns whether the method has run.
    ///
    /// ```
    /// use crossgate_abi::{CallError, Ran};
    /// assert_eq!(CallError::ServerDown.ran(), Ran::No);
    /// ```
    #[must_use]
    pub const fn ran(self) -> Ran {
        self.told().1
    }

    /// Returns the error that a status stands for; `None` for success and for a status that is no `CallError`.
    ///
    /// ```
    /// use crossgate_abi::{CallError, Status};
    /// assert_eq!(CallError::from_status(Status::from(CallError::TooDeep)), Some(CallError::TooDeep));
    /// assert_eq!(CallError::from_status(Status::OK), None);
    /// ```
    #[must_use]
    pub const fn from_status(status: Status) -> Option<CallError> {
        Self::from_number(status.0)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl core::error::Error for CallError {}

/// The result of a system call as a word: 0, the number of a [`CallError`], or one of the constants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub Word);

impl Status {
    constants! {
        /// All statuses that are no [`CallError`], with their names and meanings.
        pub const OTHERS: [Status];

        /// The system call succeeded.
        OK = Status(0);

        /// A wait ended without a signal.
        TIMED_OUT = Status(32);

        /// No system call has this number, or the wiring does not use it.
        NO_SUCH_SYSTEM_CALL = Status(33);

        /// No such record exists, or it does not exist any more.
        NO_SUCH_RECORD = Status(34);
    }
}

const _: () = assert!(
    CallError::ALL.len() < Status::TIMED_OUT.0,
    "the numbers of errors end below those of the other statuses"
);

impl From<CallError> for Status {
    fn from(error: CallError) -> Status {
        Status(error as Word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_errors_match() {
        for error in CallError::ALL {
            assert_eq!(CallError::from_status(error.into()), Some(error));
        }
        for other in [0, CallError::ALL.len() + 1, 32, 33, 34, Word::MAX] {
            assert_eq!(CallError::from_status(Status(other)), None);
        }
    }
}
