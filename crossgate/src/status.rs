// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statuses of system calls, as errors.

use crossgate_abi::{CallError, Word};

/// Returns the error of a status other than 0. Both have the same number, so no table is needed.
#[inline(always)]
pub(crate) fn failure(status: Word) -> CallError {
    const LAST: Word = CallError::ALL.len();
    // The kernel never returns another status here. So the error for another status does not matter.
    let number = if status == 0 || status > LAST { LAST } else { status };
    // SAFETY: the errors are numbered from 1 to `LAST`.
    unsafe { core::mem::transmute::<u8, CallError>(number as u8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_abi::Status;

    #[test]
    fn every_error_keeps_its_number() {
        for error in CallError::ALL {
            assert_eq!(failure(Status::from(error).0), error);
        }
        assert_eq!(failure(13), CallError::Refused);
        assert_eq!(failure(Word::MAX), CallError::Refused);
    }
}
