// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chip on an SPI bus that another process owns, for drivers of `embedded-hal`.
//!
//! The service gives access to one chip, not to the whole bus: in a call, the process of the bus selects only this
//! chip. So the wiring says which process may use which chip. [`SpiChip`] turns the handle into an `SpiDevice` of
//! `embedded-hal`, on which a driver crate runs unchanged. The process of the bus uses the crate `crossgate-spi-bus`.
//!
//! ```ignore
//! process bus {
//!     mmio SPI0;
//!     object bus (stack = 512): Exclusive<SpiBus<Spi, Select, Delay, 2, 64>> =
//!         SpiBus::new(Spi::new(SPI0, 8_000_000), [Select::new(0), Select::new(1)], Delay, 4096) =>
//!         [DISPLAY: dyn SpiDevice<0>, MEMORY: dyn SpiDevice<1>];
//! }
//! process panel { thread main (priority = 2, stack = 4096) = panel::main(DISPLAY); }
//! ```
//!
//! ```
//! use crossgate::Handle;
//! use crossgate_spi::{Error, SpiChip};
//! use embedded_hal::spi::{Operation, SpiDevice};
//!
//! /// A driver that knows nothing of calls.
//! fn identity<D: SpiDevice>(memory: &mut D) -> Result<[u8; 3], D::Error> {
//!     let mut id = [0; 3];
//!     memory.transaction(&mut [Operation::Write(&[0x9f]), Operation::Read(&mut id)])?;
//!     Ok(id)
//! }
//! fn look(memory: Handle<dyn crossgate_spi::SpiDevice<1>>) -> Result<[u8; 3], Error> {
//!     identity(&mut SpiChip::<1>::new(memory))
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod chip;

pub use chip::{Error, SpiChip};
pub use crossgate_operations::{Header, Kind};

use crossgate::{Lease, LeaseMut, Wire, interface};

/// An error of the bus, or of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// Bytes arrived faster than they were read from the controller.
    Overrun,
    /// Another controller on the bus selected this controller as a peripheral.
    ModeFault,
    /// The frame of a word had a wrong format.
    FrameFormat,
    /// The line that selects the chip could not be set.
    ChipSelect,
    /// The controller had another error.
    Other,
    /// The transaction has more bytes than the bus allows, more than [`OPERATIONS`], or pauses of more than
    /// [`LONGEST_PAUSE`].
    TooLong,
}

/// The longest time of all pauses of a transaction together, in ns. The limit is there because no other client can use
/// the bus during a pause.
pub const LONGEST_PAUSE: u32 = 1_000_000;
/// The largest number of operations of a transaction. (Consecutive operations of the same kind count as one.) The limit
/// is there because even an empty operation takes time.
pub const OPERATIONS: usize = 32;

/// The interface of the process that uses the chip with the number `CHIP` on a bus. The chip is selected during the
/// whole method, and at no other time.
#[interface]
pub trait SpiDevice<const CHIP: usize> {
    /// Writes, and then reads. The first `read` bytes of the buffer get the bytes that are read. The `written` bytes
    /// after them are the bytes to write. If the buffer is shorter than `read + written`, the call is refused.
    //
    // Most transactions of drivers have this form. A call is fastest if it lends one whole buffer on the stack.
    fn write_read_within(
        &mut self,
        buffer: LeaseMut<'_, [u8]>,
        read: u16,
        written: u16,
    ) -> Result<(), Fault>;
    /// Like `write_read_within`, but with two separate pieces of memory. They may be longer than a buffer on the
    /// client's stack.
    fn write_read(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Writes the first `length` bytes, and replaces them by the bytes that are read at the same time. If the lent
    /// memory is shorter than `length`, the call is refused.
    fn transfer_in_place(&mut self, bytes: LeaseMut<'_, [u8]>, length: u32) -> Result<(), Fault>;
    /// Writes and reads at the same time. If `from` is shorter than `to`, zeroes are written after it. If `to` is
    /// shorter, the bytes that are read after its end are lost.
    fn transfer(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Makes a transaction of several operations. The first `length` bytes of `operations` are a list of [`Header`]s,
    /// each followed by its bytes: the bytes to write, room for the bytes to read, or a pause. If the bytes do not have
    /// this form, the call is refused; the operations before the mistake were carried out.
    fn transaction(&mut self, operations: LeaseMut<'_, [u8]>, length: u16) -> Result<(), Fault>;
}
