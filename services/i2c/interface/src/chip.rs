// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's side: turns a handle to a chip into an `I2c`.

use crate::{Fault, I2cDevice};
use core::fmt;
use crossgate::{Block, BlockSize, CallError, Handle, LeaseBuf};
use crossgate_operations::{Kind, Part, pack, unpack};
use embedded_hal::i2c::{self, ErrorKind, I2c, NoAcknowledgeSource, Operation};

/// The reason why a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The bus reports an error.
    Bus(Fault),
    /// The call failed. After [`CallError::ServerFaulted`] the process of the bus restarts, so the driver may try again.
    Call(CallError),
    /// The driver used this address, but its chip has another address.
    OtherAddress(u8),
    /// The transaction does not fit into the buffer of the [`I2cChip`], and is not a `read`, `write` or `write_read`.
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
        match self {
            Error::Bus(Fault::NoAddress) => formatter.write_str("no chip acknowledged the address"),
            Error::Bus(Fault::NoData) => formatter.write_str("the chip did not acknowledge data"),
            Error::Bus(Fault::NoAcknowledge) => formatter.write_str("a byte was not acknowledged"),
            Error::Bus(Fault::ArbitrationLoss) => {
                formatter.write_str("another controller took the bus")
            }
            Error::Bus(Fault::Bus) => formatter.write_str("the lines of the bus are held"),
            Error::Bus(Fault::Overrun) => formatter.write_str("the controller lost bytes"),
            Error::Bus(Fault::Other) => formatter.write_str("the controller has an error"),
            Error::Bus(Fault::TooLong) => {
                formatter.write_str("the bus has no room for the transaction")
            }
            Error::Call(error) => write!(formatter, "the call to the bus failed: {error}"),
            Error::OtherAddress(address) => {
                write!(formatter, "this process has no chip at the address {address:#04x}")
            }
            Error::TooLong => {
                formatter.write_str("the transaction has no room in the client's buffer")
            }
        }
    }
}

impl core::error::Error for Error {}

impl i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Error::Bus(Fault::NoAddress) => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            Error::Bus(Fault::NoData) => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
            Error::Bus(Fault::NoAcknowledge) => {
                ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
            }
            Error::Bus(Fault::ArbitrationLoss) => ErrorKind::ArbitrationLoss,
            Error::Bus(Fault::Bus) => ErrorKind::Bus,
            Error::Bus(Fault::Overrun) => ErrorKind::Overrun,
            _ => ErrorKind::Other,
        }
    }
}

/// A chip at `ADDRESS` as an `I2c` of `embedded-hal`, for a driver crate.
///
/// A `read`, `write` or `write_read` of up to `N` bytes is copied to a [`LeaseBuf`] on the stack and lent in one piece,
/// because that is faster than lending the driver's small arrays. For a longer `read`, `write` or `write_read`, the
/// driver's memory itself is lent, if [that is possible](crossgate::LeaseBuf). Every other transaction is copied to
/// such a buffer of `N` bytes, with two more bytes for each operation. If the buffer is too short, the transaction
/// fails with [`Error::TooLong`].
///
/// A read of zero bytes does nothing, because such a read does not exist on the bus: the chip sends at least one byte.
/// A write of zero bytes sends only the address, and the chip acknowledges the address or not. If the transaction has
/// other operations, the write of zero bytes is left out.
///
/// ```
/// use core::time::Duration;
/// use crossgate::Handle;
/// use crossgate::testing::Wiring;
/// use crossgate_i2c::{Error, Fault, I2cChip, I2cDevice};
/// use embedded_hal::i2c::I2c;
/// # use crossgate::{Lease, LeaseMut};
/// # struct Nothing;
/// # impl I2cDevice<0x76> for Nothing {
/// #     fn exchange(&mut self, _: LeaseMut<'_, [u8]>, _: u16, _: u16) -> Result<(), Fault> { Err(Fault::NoAddress) }
/// #     fn transaction(&mut self, _: LeaseMut<'_, [u8]>, _: u16) -> Result<(), Fault> { Err(Fault::NoAddress) }
/// #     fn write_read(&mut self, _: Lease<'_, [u8]>, _: LeaseMut<'_, [u8]>) -> Result<(), Fault> { Err(Fault::NoAddress) }
/// # }
/// let wiring = Wiring::new();
/// let empty_socket: Handle<dyn I2cDevice<0x76>> = wiring.serve(Nothing);
/// wiring.run(|| {
///     let mut chip = I2cChip::<0x76>::new(empty_socket);
///     assert_eq!(chip.write(0x76, &[0xe0, 0xb6]), Err(Error::Bus(Fault::NoAddress)));
///     assert_eq!(chip.write(0x3c, &[0xe0, 0xb6]), Err(Error::OtherAddress(0x3c)));
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct I2cChip<const ADDRESS: u8, const N: usize = 32>(Handle<dyn I2cDevice<ADDRESS>>);

impl<const ADDRESS: u8, const N: usize> I2cChip<ADDRESS, N>
where
    BlockSize<N>: Block,
{
    /// Creates the `I2c` of the chip behind the handle.
    #[must_use]
    pub const fn new(chip: Handle<dyn I2cDevice<ADDRESS>>) -> Self {
        const { assert!(ADDRESS < 128, "an address on the bus has seven bits") }
        const { assert!(N <= 16_384, "no more than 16 KiB are lent in one piece") }
        I2cChip(chip)
    }

    /// Writes and then reads; an empty write or read is left out.
    fn exchange(&self, address: u8, from: &[u8], to: &mut [u8]) -> Result<(), Error> {
        check(address, ADDRESS)?;
        let (read, written) = (to.len(), from.len());
        let mut buffer = LeaseBuf::<N>::new();
        if let Some(bytes) = buffer.get_mut(read..).and_then(|rest| rest.get_mut(..written)) {
            bytes.copy_from_slice(from);
            self.0.exchange(&mut buffer, read as u16, written as u16)??;
            to.copy_from_slice(&buffer[..read]);
        } else {
            self.0.write_read(from, to)??;
        }
        Ok(())
    }
}

impl<const ADDRESS: u8, const N: usize> i2c::ErrorType for I2cChip<ADDRESS, N>
where
    BlockSize<N>: Block,
{
    type Error = Error;
}

impl<const ADDRESS: u8, const N: usize> I2c for I2cChip<ADDRESS, N>
where
    BlockSize<N>: Block,
{
    fn read(&mut self, address: u8, to: &mut [u8]) -> Result<(), Error> {
        if to.is_empty() {
            return check(address, ADDRESS);
        }
        self.exchange(address, &[], to)
    }

    fn write(&mut self, address: u8, from: &[u8]) -> Result<(), Error> {
        self.exchange(address, from, &mut [])
    }

    fn write_read(&mut self, address: u8, from: &[u8], to: &mut [u8]) -> Result<(), Error> {
        self.exchange(address, from, to)
    }

    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        check(address, ADDRESS)?;
        let mut buffer = LeaseBuf::<N>::new();
        let parts = operations.iter().map(part);
        let length = pack(parts, &mut buffer[..]).ok_or(Error::TooLong)?;
        if length == 0 {
            // A driver uses a write of zero bytes to find out if the chip is there: a chip that is there acknowledges
            // its address.
            return match operations.iter().any(|it| matches!(it, Operation::Write(_))) {
                true => self.exchange(address, &[], &mut []),
                false => Ok(()),
            };
        }
        self.0.transaction(&mut buffer, length as u16)??;
        unpack(operations.iter_mut().map(place), &buffer[..length]);
        Ok(())
    }
}

/// Checks that the driver uses the address of its chip.
fn check(address: u8, own: u8) -> Result<(), Error> {
    if address == own { Ok(()) } else { Err(Error::OtherAddress(address)) }
}

/// Returns the operation as an item of a list.
fn part<'a>(operation: &'a Operation<'_>) -> Part<'a> {
    match operation {
        Operation::Write(bytes) => Part::Write(bytes),
        Operation::Read(bytes) => Part::Read(bytes.len()),
    }
}

/// Returns the data of the operation that [`unpack`] needs.
fn place<'a>(operation: &'a mut Operation<'_>) -> (Kind, usize, Option<&'a mut [u8]>) {
    match operation {
        Operation::Write(bytes) => (Kind::Write, bytes.len(), None),
        Operation::Read(bytes) => (Kind::Read, bytes.len(), Some(bytes)),
    }
}
