// SPDX-License-Identifier: MIT OR Apache-2.0
//! A chip on an SPI bus that another process owns, for drivers of `embedded-hal`.
//!
//! The service is one chip, and not the bus: for a call of this service, the process of the bus selects no other chip.
//! So the wiring says which process may use which chip. [`SpiChip`] turns the handle into an `SpiDevice` of
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
    /// Bytes came faster than the controller took them.
    Overrun,
    /// Another controller selected this one.
    ModeFault,
    /// The frame of a word was not as it has to be.
    FrameFormat,
    /// The line that selects the chip could not be set.
    ChipSelect,
    /// The controller had another error.
    Other,
    /// The transaction has more bytes than the bus allows, more than [`OPERATIONS`], or pauses of more than
    /// [`LONGEST_PAUSE`].
    TooLong,
}

/// The most that the pauses of a transaction are together, in ns: meanwhile nobody else has the bus.
pub const LONGEST_PAUSE: u32 = 1_000_000;
/// The largest number of operations of a transaction. (Those of one kind that follow each other count as one.) Each takes
/// time, however short it is.
pub const OPERATIONS: usize = 32;

/// The interface of the process that drives the chip with this number on a bus. In each method the chip is selected
/// throughout, and never otherwise.
#[interface]
pub trait SpiDevice<const CHIP: usize> {
    /// Writes, and then reads: the first `read` bytes of the buffer get what is read, and the `written` bytes behind them
    /// are what is written. A client whose buffer is shorter than that is refused.
    //
    // Most transactions of drivers have this form. One whole buffer of the stack is what a call lends fastest.
    fn write_read_within(
        &mut self,
        buffer: LeaseMut<'_, [u8]>,
        read: u16,
        written: u16,
    ) -> Result<(), Fault>;
    /// The same for memory that lies apart, and may be longer than a buffer of the client's stack.
    fn write_read(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Writes the first `length` bytes, which become what is read meanwhile. A client that lends less is refused.
    fn transfer_in_place(&mut self, bytes: LeaseMut<'_, [u8]>, length: u32) -> Result<(), Fault>;
    /// Writes and reads at the same time. If less is to be written than read, zeroes follow; if less is to be read, what
    /// comes later is lost.
    fn transfer(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
    /// Makes a transaction of several operations. The first `length` bytes of `operations` are one [`Header`] after the
    /// other, each with its bytes behind it: those to write, room for those that are read, or a pause. A client whose
    /// bytes do not have this form is refused; the operations before the mistake have been made.
    fn transaction(&mut self, operations: LeaseMut<'_, [u8]>, length: u16) -> Result<(), Fault>;
}
