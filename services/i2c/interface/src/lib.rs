// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chip on an I2C bus that another process owns, for drivers of `embedded-hal`.
//!
//! The service gives access to one chip at one address, not to the whole bus. So the wiring says which process may use
//! which chip, and the type of the handle has the chip's address. [`I2cChip`] turns the handle into an `I2c` of
//! `embedded-hal`, on which a driver crate runs unchanged. The process of the bus uses the crate `crossgate-i2c-bus`.
//!
//! ```ignore
//! process bus {
//!     mmio I2C0;
//!     object bus (stack = 768): Exclusive<I2cBus<I2c, 64>> = I2cBus::new(I2c::new(I2C0, 400_000)) =>
//!         [SENSOR: dyn I2cDevice<0x76>, DISPLAY: dyn I2cDevice<0x3c>];
//! }
//! process weather { thread main (priority = 2, stack = 4096) = weather::main(SENSOR); }
//! ```
//!
//! ```
//! use crossgate::Handle;
//! use crossgate_i2c::{Error, I2cChip, I2cDevice};
//! use embedded_hal::i2c::I2c;
//!
//! /// A driver that knows nothing of calls.
//! fn identity<B: I2c>(bus: &mut B) -> Result<u8, B::Error> {
//!     let mut id = [0];
//!     bus.write_read(0x76, &[0xd0], &mut id)?;
//!     Ok(id[0])
//! }
//! fn look(sensor: Handle<dyn I2cDevice<0x76>>) -> Result<u8, Error> {
//!     identity(&mut I2cChip::<0x76>::new(sensor))
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod chip;

pub use chip::{Error, I2cChip};
pub use crossgate_operations::{Header, Kind};

use crossgate::{Lease, LeaseMut, Wire, interface};

/// An error of the bus, or of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// No chip acknowledged the address.
    NoAddress,
    /// The chip did not acknowledge a byte of data.
    NoData,
    /// The address or a byte of data was not acknowledged.
    NoAcknowledge,
    /// Another controller took the bus.
    ArbitrationLoss,
    /// A wire of the bus has a wrong level. For example, a chip holds it low.
    Bus,
    /// Bytes arrived faster than they were read from the controller.
    Overrun,
    /// The controller had another error.
    Other,
    /// The transaction is longer than the memory that the bus has for it, or has too many operations.
    TooLong,
}

/// The interface of the process that may use the chip at `ADDRESS` (seven bits).
#[interface]
pub trait I2cDevice<const ADDRESS: u8> {
    /// Makes a transaction that writes, and then reads. The first `read` bytes of the buffer get the bytes that are
    /// read. The `written` bytes after them are the bytes to write. An empty write or read is left out. If the buffer
    /// is shorter than `read + written`, the call is refused.
    //
    // Nearly all transactions of drivers have this form. A call is fastest if it lends one whole buffer on the stack.
    // The bytes that are read come first in the buffer, because bytes at its start are copied fastest.
    fn exchange(
        &mut self,
        buffer: LeaseMut<'_, [u8]>,
        read: u16,
        written: u16,
    ) -> Result<(), Fault>;
    /// Like `exchange`, but with two separate pieces of memory. They may be longer than a buffer on the client's stack.
    fn write_read(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Makes a transaction of several operations, from START to STOP. The first `length` bytes of `operations` are a
    /// list of [`Header`]s, each followed by its bytes: the bytes to write, or room for the bytes to read. If the bytes
    /// do not have this form, or if an operation reads zero bytes, the call is refused.
    fn transaction(&mut self, operations: LeaseMut<'_, [u8]>, length: u16) -> Result<(), Fault>;
}
