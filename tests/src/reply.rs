// SPDX-License-Identifier: MIT OR Apache-2.0
//! The results of a system call without the library.

use crossgate_abi::{CallError, Status, Word};

/// The results of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status with which the system call ended.
    pub status: Status,
    /// The results of the system call.
    pub words: [Word; 2],
}

impl Reply {
    /// Returns the error, if the status is an error of a call.
    #[must_use]
    pub fn error(self) -> Option<CallError> {
        CallError::from_status(self.status)
    }
}
