// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's side: turns a handle to a chip into an `SpiDevice` of `embedded-hal`.

use crate::{Fault, SpiDevice};
use core::fmt;
use crossgate::{Block, BlockSize, CallError, Handle, LeaseBuf};
use crossgate_operations::{Kind, Part, pack, unpack};
use embedded_hal::spi::{self, ErrorKind, Operation};

/// The reason why a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The bus reports an error.
    Bus(Fault),
    /// The call failed. After [`CallError::ServerFaulted`] the process of the bus restarts, so the driver may try again.
    Call(CallError),
    /// The transaction does not fit into the buffer of the [`SpiChip`], and the driver's memory can't be lent for it.
    TooLong,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Bus(fault)
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
            Error::Bus(Fault::Overrun) => "the controller lost bytes",
            Error::Bus(Fault::ModeFault) => "another controller took the bus",
            Error::Bus(Fault::FrameFormat) => "a word has a wrong frame",
            Error::Bus(Fault::ChipSelect) => "the chip could not be selected",
            Error::Bus(Fault::Other) => "the controller has an error",
            Error::Bus(Fault::TooLong) => "the bus does not allow transactions as long as this",
            Error::Call(error) => {
                return write!(formatter, "the call to the bus failed: {error}");
            }
            Error::TooLong => "the transaction has no room in the client's buffer",
        })
    }
}

impl core::error::Error for Error {}

impl spi::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Error::Bus(Fault::Overrun) => ErrorKind::Overrun,
            Error::Bus(Fault::ModeFault) => ErrorKind::ModeFault,
            Error::Bus(Fault::FrameFormat) => ErrorKind::FrameFormat,
            Error::Bus(Fault::ChipSelect) => ErrorKind::ChipSelectFault,
            _ => ErrorKind::Other,
        }
    }
}

/// The chip with the number `CHIP` on a bus as an `SpiDevice` of `embedded-hal`, for a driver crate.
///
/// A transaction of up to `N` bytes is copied to a [`LeaseBuf`] on the stack and lent in one piece, because that is
/// faster than lending the driver's small arrays. For a longer transaction, the driver's memory itself is lent, if
/// [that is possible](crossgate::LeaseBuf), and if the transaction is a write, a read, a write and then a read, or a
/// transfer. Every other transaction is copied to such a buffer of `N` bytes, with two more bytes for each operation.
/// If the buffer is too short, the transaction fails with [`Error::TooLong`].
///
/// A transaction has at most [`OPERATIONS`](crate::OPERATIONS) operations. Its pauses take at most
/// [`LONGEST_PAUSE`](crate::LONGEST_PAUSE) together.
///
/// ```
/// use crossgate::Handle;
/// use crossgate::testing::Wiring;
/// use crossgate_spi::{Error, Fault, SpiChip, SpiDevice};
/// # use crossgate::{Lease, LeaseMut};
/// # struct Nothing;
/// # impl SpiDevice<0> for Nothing {
/// #     fn write_read_within(&mut self, _: LeaseMut<'_, [u8]>, _: u16, _: u16) -> Result<(), Fault> { Err(Fault::Overrun) }
/// #     fn transaction(&mut self, _: LeaseMut<'_, [u8]>, _: u16) -> Result<(), Fault> { Ok(()) }
/// #     fn write_read(&mut self, _: Lease<'_, [u8]>, _: LeaseMut<'_, [u8]>) -> Result<(), Fault> { Ok(()) }
/// #     fn transfer_in_place(&mut self, _: LeaseMut<'_, [u8]>, _: u32) -> Result<(), Fault> { Ok(()) }
/// #     fn transfer(&mut self, _: Lease<'_, [u8]>, _: LeaseMut<'_, [u8]>) -> Result<(), Fault> { Ok(()) }
/// # }
/// let wiring = Wiring::new();
/// let fast_chip: Handle<dyn SpiDevice<0>> = wiring.serve(Nothing);
/// wiring.run(|| {
///     let mut chip = SpiChip::<0>::new(fast_chip);
///     let error = embedded_hal::spi::SpiDevice::write(&mut chip, &[0xe0, 0xb6]);
///     assert_eq!(error, Err(Error::Bus(Fault::Overrun)));
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpiChip<const CHIP: usize, const N: usize = 32>(Handle<dyn SpiDevice<CHIP>>);

impl<const CHIP: usize, const N: usize> SpiChip<CHIP, N>
where
    BlockSize<N>: Block,
{
    /// Creates the `SpiDevice` of the chip behind the handle.
    #[must_use]
    pub const fn new(chip: Handle<dyn SpiDevice<CHIP>>) -> Self {
        const { assert!(N <= 16_384, "no more than 16 KiB are lent in one piece") }
        SpiChip(chip)
    }

    /// Writes `from`, and then reads into `to`. Both may be empty.
    fn write_read(&self, from: &[u8], to: &mut [u8]) -> Result<(), Error> {
        let (read, written) = (to.len(), from.len());
        let mut buffer = LeaseBuf::<N>::new();
        if let Some(bytes) = buffer.get_mut(read..).and_then(|rest| rest.get_mut(..written)) {
            bytes.copy_from_slice(from);
            self.0.write_read_within(&mut buffer, read as u16, written as u16)??;
            to.copy_from_slice(&buffer[..read]);
        } else {
            self.0.write_read(from, to)??;
        }
        Ok(())
    }

    fn transfer_in_place(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let length = bytes.len() as u32;
        let mut buffer = LeaseBuf::<N>::new();
        if let Some(copy) = buffer.get_mut(..bytes.len()) {
            copy.copy_from_slice(bytes);
            self.0.transfer_in_place(&mut buffer, length)??;
            bytes.copy_from_slice(&buffer[..bytes.len()]);
        } else {
            self.0.transfer_in_place(bytes, length)??;
        }
        Ok(())
    }

    fn transfer(&self, to: &mut [u8], from: &[u8]) -> Result<(), Error> {
        let length = to.len().max(from.len());
        let mut buffer = LeaseBuf::<N>::new();
        if let Some(copy) = buffer.get_mut(..length) {
            copy[..from.len()].copy_from_slice(from);
            copy[from.len()..].fill(0);
            self.0.transfer_in_place(&mut buffer, length as u32)??;
            to.copy_from_slice(&buffer[..to.len()]);
        } else {
            self.0.transfer(from, to)??;
        }
        Ok(())
    }

    fn several(&self, operations: &mut [Operation<'_, u8>]) -> Result<(), Error> {
        let mut buffer = LeaseBuf::<N>::new();
        let parts = operations.iter().map(part);
        let length = pack(parts, &mut buffer[..]).ok_or(Error::TooLong)?;
        self.0.transaction(&mut buffer, length as u16)??;
        unpack(operations.iter_mut().map(place), &buffer[..length]);
        Ok(())
    }
}

impl<const CHIP: usize, const N: usize> spi::ErrorType for SpiChip<CHIP, N>
where
    BlockSize<N>: Block,
{
    type Error = Error;
}

impl<const CHIP: usize, const N: usize> spi::SpiDevice for SpiChip<CHIP, N>
where
    BlockSize<N>: Block,
{
    fn read(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.write_read(&[], to)
    }

    fn write(&mut self, from: &[u8]) -> Result<(), Error> {
        self.write_read(from, &mut [])
    }

    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), Error> {
        SpiChip::transfer(self, to, from)
    }

    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        SpiChip::transfer_in_place(self, bytes)
    }

    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Error> {
        match operations {
            [Operation::Write(from)] => self.write_read(from, &mut []),
            [Operation::Read(to)] => self.write_read(&[], to),
            [Operation::Write(from), Operation::Read(to)] => self.write_read(from, to),
            [Operation::TransferInPlace(bytes)] => SpiChip::transfer_in_place(self, bytes),
            [Operation::Transfer(to, from)] => SpiChip::transfer(self, to, from),
            several => self.several(several),
        }
    }
}

/// Returns the operation as an item of a list.
fn part<'a>(operation: &'a Operation<'_, u8>) -> Part<'a> {
    match operation {
        Operation::Write(bytes) => Part::Write(bytes),
        Operation::Read(bytes) => Part::Read(bytes.len()),
        Operation::Transfer(to, from) => Part::Exchange(from, to.len().max(from.len())),
        Operation::TransferInPlace(bytes) => Part::Exchange(bytes, bytes.len()),
        Operation::DelayNs(ns) => Part::Delay(*ns),
    }
}

/// Returns the data of the operation that [`unpack`] needs.
fn place<'a>(operation: &'a mut Operation<'_, u8>) -> (Kind, usize, Option<&'a mut [u8]>) {
    match operation {
        Operation::Write(bytes) => (Kind::Write, bytes.len(), None),
        Operation::Read(bytes) => (Kind::Read, bytes.len(), Some(bytes)),
        Operation::Transfer(to, from) => (Kind::Exchange, to.len().max(from.len()), Some(to)),
        Operation::TransferInPlace(bytes) => (Kind::Exchange, bytes.len(), Some(bytes)),
        Operation::DelayNs(_) => (Kind::Delay, 4, None),
    }
}
