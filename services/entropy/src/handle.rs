// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Fault, LONGEST, Random};
use core::fmt;
use crossgate::{CallError, Handle};
use rand_core::{TryCryptoRng, TryRng};

/// The reason why there are no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The source has failed, or there is no source. Every call gets this error until the process of the source
    /// restarts.
    Source,
    /// The call failed. After [`CallError::ServerFaulted`] the process of the source restarts, so the client may try
    /// again.
    Call(CallError),
}

impl From<Fault> for Error {
    // The handle never asks for more than `LONGEST` bytes.
    fn from(_: Fault) -> Error {
        Error::Source
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Error {
        Error::Call(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Source => formatter.write_str("the source of noise has failed"),
            Error::Call(error) => write!(formatter, "the call to the source failed: {error}"),
        }
    }
}

impl core::error::Error for Error {}

/// The stream of a client, as a generator of `rand_core`. For a crate that needs a generator without errors, wrap this
/// type in [`UnwrapErr`](rand_core::UnwrapErr), which panics if the source fails.
///
/// Each method makes a call, so ask for several bytes at a time.
#[derive(Debug)]
pub struct RandomHandle<const PLACE: usize>(Handle<dyn Random<PLACE>>);

impl<const PLACE: usize> RandomHandle<PLACE> {
    /// Creates the generator of the stream behind the handle.
    #[must_use]
    pub const fn new(random: Handle<dyn Random<PLACE>>) -> Self {
        RandomHandle(random)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Error> {
        let mut bytes = [0; LENGTH];
        self.try_fill_bytes(&mut bytes)?;
        Ok(bytes)
    }
}

impl<const PLACE: usize> TryRng for RandomHandle<PLACE> {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        for piece in bytes.chunks_mut(LONGEST) {
            self.0.fill(piece)??;
        }
        Ok(())
    }
}

impl<const PLACE: usize> TryCryptoRng for RandomHandle<PLACE> {}
