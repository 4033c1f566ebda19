use crate::Word;
use crate::list::list;
use core::fmt;

list! {
    /// Why a call did not take place, or did not come back: the one list of it.
    ///
    /// The method's own `Result` is *inside*: in `disk.read(at, &mut block)??` the first `?` is about
    /// the call, the second about the disk. The numbers are part of the ABI.
    #[non_exhaustive]
    pub enum CallError: u8;
    /// What went wrong, in a few words.
    fn as_str -> &'static str;

    /// The handle, or the number of the method, is forged: together they are no index into the kernel's table
    /// of gates.
    NoSuchService = 1 => "no such service";

    /// The wiring does not give this service (or notification) to the calling process.
    NotPermitted = 2 => "not permitted by the wiring";

    /// More calls in flight than [`MAX_CALL_DEPTH`](crate::MAX_CALL_DEPTH), or more leases than
    /// the kernel keeps for a thread.
    TooDeep = 3 => "too many calls in flight";

    /// Less stack is left than the service declares to need. Give the thread more.
    StackTooSmall = 4 => "too little stack left for the call";

    /// The server crashed while it ran this call.
    ServerFaulted = 5 => "the server faulted";

    /// The server crashed earlier: it is stopped, or has not restarted yet.
    ServerDown = 6 => "the server is down";

    /// The call took longer than the caller allowed.
    DeadlineExceeded = 7 => "deadline exceeded";

    /// The call would wait for something that waits for this very thread.
    Deadlock = 8 => "would deadlock";

    /// An argument was not a value of its type: the server's stub refused it.
    BadArgument = 9 => "bad argument";

    /// Lent memory is a slice of more than 4096 bytes that can't be lent without exposing its neighbours: lend a
    /// constant or a `shared!` static. (Shorter memory is lent as a copy then. In a call by bare words it may
    /// also not be the caller's to lend.)
    BadLease = 10 => "memory of more than 4096 bytes is lent only if it is a constant or `shared!`";

    /// The reply was not a value of its type: the caller's stub refused it.
    BadReply = 11 => "bad reply";

    /// The server found that the call broke the rules of its protocol, and said so; or it took the handle back while the
    /// call was made.
    Refused = 12 => "refused by the server";
}

impl CallError {
    /// The error that a status stands for; `None` for success and for what is no `CallError`.
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

/// How a system call ended, as the word that travels: 0, the number of a [`CallError`], or one of
/// the constants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub Word);

impl Status {
    /// Success.
    pub const OK: Status = Status(0);
    /// A wait ended without a signal.
    pub const TIMED_OUT: Status = Status(32);
    /// There is no system call of this number.
    pub const NO_SUCH_SYSTEM_CALL: Status = Status(33);
    /// There is no such fault record, or none any more.
    pub const NO_SUCH_RECORD: Status = Status(34);
}

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
