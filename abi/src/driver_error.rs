// SPDX-License-Identifier: MIT OR Apache-2.0
//! Implements the error traits of drivers for [`CallError`], because a handle can implement a driver's trait in place
//! of a driver.

use crate::CallError;

#[cfg(feature = "embedded-io")]
impl embedded_io::Error for CallError {
    fn kind(&self) -> embedded_io::ErrorKind {
        (*self).into()
    }
}

#[cfg(feature = "embedded-io")]
impl From<CallError> for embedded_io::ErrorKind {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NoSuchService => Self::NotFound,
            CallError::NotPermitted | CallError::Refused => Self::PermissionDenied,
            CallError::TooDeep | CallError::StackTooSmall => Self::OutOfMemory,
            CallError::ServerFaulted => Self::ConnectionAborted,
            CallError::ServerDown => Self::NotConnected,
            CallError::DeadlineExceeded => Self::TimedOut,
            CallError::BadArgument | CallError::BadLease => Self::InvalidInput,
            CallError::BadReply => Self::InvalidData,
            CallError::Deadlock => Self::Other,
        }
    }
}

/// In these driver traits every call error has the kind `Other`, because it was not the device that failed.
#[cfg(feature = "embedded-hal")]
macro_rules! other {
    ($($role:ident)*) => { $(
        impl embedded_hal::$role::Error for CallError {
            fn kind(&self) -> embedded_hal::$role::ErrorKind {
                embedded_hal::$role::ErrorKind::Other
            }
        }

        impl From<CallError> for embedded_hal::$role::ErrorKind {
            fn from(_: CallError) -> Self {
                Self::Other
            }
        }
    )* };
}
#[cfg(feature = "embedded-hal")]
other!(digital i2c pwm spi);
