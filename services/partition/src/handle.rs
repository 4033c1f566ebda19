// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's side: turns a handle to a partition into a `NorFlash` of `embedded-storage`.

use crate::{CHUNK, Fault, Partition};
use core::fmt;
use crossgate::{CallError, Handle, LeaseBuf};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// The reason why a partition could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The flash reports an error.
    Flash(Fault),
    /// The call failed. After [`CallError::ServerFaulted`] the process of the flash restarts. A write or an erase may
    /// then be half done, as after a loss of power.
    Call(CallError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Flash(fault)
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Error {
        Error::Call(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Error::Flash(Fault::NotAligned) => "a place in the partition is not aligned",
            Error::Flash(Fault::OutOfBounds) => "a place is not in the partition",
            Error::Flash(Fault::Other) => "the driver of the flash had an error",
            Error::Call(error) => {
                return write!(formatter, "the call to the flash failed: {error}");
            }
        })
    }
}

impl core::error::Error for Error {}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Error::Flash(Fault::NotAligned) => NorFlashErrorKind::NotAligned,
            Error::Flash(Fault::OutOfBounds) => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

/// A partition of another process as a `NorFlash`, for a library.
///
/// Bytes are copied through a buffer of 64 bytes on the stack, because the memory that a library passes can't always be
/// lent itself.
#[derive(Clone, Copy, Debug)]
pub struct PartitionHandle<const PLACE: usize, const WRITE: usize, const ERASE: usize>(
    Handle<dyn Partition<PLACE, WRITE, ERASE>>,
);

impl<const PLACE: usize, const WRITE: usize, const ERASE: usize>
    PartitionHandle<PLACE, WRITE, ERASE>
{
    /// Creates the flash of the partition behind the handle.
    #[must_use]
    pub const fn new(partition: Handle<dyn Partition<PLACE, WRITE, ERASE>>) -> Self {
        const { assert!(CHUNK.is_multiple_of(WRITE), "64 bytes are not whole writes") };
        PartitionHandle(partition)
    }
}

impl<const PLACE: usize, const WRITE: usize, const ERASE: usize> ErrorType
    for PartitionHandle<PLACE, WRITE, ERASE>
{
    type Error = Error;
}

impl<const PLACE: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash
    for PartitionHandle<PLACE, WRITE, ERASE>
{
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let mut buffer = LeaseBuf::<CHUNK>::new();
        for (part, start) in bytes.chunks_mut(CHUNK).zip((offset..).step_by(CHUNK)) {
            self.0.read(start, buffer.first_mut(part.len()))??;
            part.copy_from_slice(&buffer[..part.len()]);
        }
        Ok(())
    }

    /// Returns the number of bytes of the partition; 0 if the process of the flash does not answer.
    fn capacity(&self) -> usize {
        self.0.size().unwrap_or(0) as usize
    }
}

impl<const PLACE: usize, const WRITE: usize, const ERASE: usize> NorFlash
    for PartitionHandle<PLACE, WRITE, ERASE>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        Ok(self.0.erase(from, to)??)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut buffer = LeaseBuf::<CHUNK>::new();
        for (part, start) in bytes.chunks(CHUNK).zip((offset..).step_by(CHUNK)) {
            buffer[..part.len()].copy_from_slice(part);
            self.0.write(start, buffer.first(part.len()))??;
        }
        Ok(())
    }
}
