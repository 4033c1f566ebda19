// SPDX-License-Identifier: MIT OR Apache-2.0
//! An I2C bus as a service: one process owns the controller, and each client has one chip on the bus.
//!
//! [`I2cBus`] is generic over the driver of the controller, which is any `I2c` of `embedded-hal`. The bus serves
//! [`I2cDevice`] for every address. The wiring lists the chips, and the processes that may use each chip.
//!
//! ```ignore
//! process bus {
//!     mmio I2C0;
//!     object bus (stack = 768): Exclusive<I2cBus<I2c, 64>> = I2cBus::new(I2c::new(I2C0, 400_000)) =>
//!         [SENSOR: dyn I2cDevice<0x76>, DISPLAY: dyn I2cDevice<0x3c>];
//! }
//! ```
//!
//! The object is exclusive, so a transaction is never mixed with another. If several clients wait for the bus, the most
//! urgent client is next. While a client waits, the client whose transaction runs has at least the priority of the
//! waiting client. If a client crashes during its transaction, its thread finishes the transaction before the client
//! restarts, so the bus is free afterwards.
//!
//! A client with [deadlines](crossgate::time::with_deadline) can crash a server that computes for 10 ms past a
//! deadline. So the transfer of `N` bytes should take less than 10 ms: a byte takes 90 µs at 100 kHz, and 22.5 µs at
//! 400 kHz.
//!
//! If this process crashes, each client gets an error once, and the driver of the controller starts again. In its first
//! transaction the driver has to bring the controller and the bus to a known state, because a chip may be in the middle
//! of a byte.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::{Lease, LeaseMut, server};
use crossgate_i2c::{Fault, Header, I2cDevice, Kind};
use embedded_hal::i2c::{Error, ErrorKind, I2c, NoAcknowledgeSource, Operation};

/// The largest number of operations of a transaction. Consecutive operations of the same kind count as one.
pub const OPERATIONS: usize = 8;

/// A bus: the driver of its controller, and memory for transactions of up to `N` bytes, including their
/// [headers](Header).
#[derive(Debug)]
pub struct I2cBus<B, const N: usize> {
    driver: B,
    /// The bytes of the present transaction. They are a copy, because a client may change lent memory at any time: the
    /// driver gets only this copy.
    bytes: Aligned<N>,
}

/// Bytes that are copied word by word.
#[derive(Debug)]
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

impl<B: I2c, const N: usize> I2cBus<B, N> {
    /// Creates a bus.
    #[must_use]
    pub const fn new(driver: B) -> Self {
        I2cBus { driver, bytes: Aligned([0; N]) }
    }

    /// Makes a transaction of several operations.
    fn several(
        &mut self,
        address: u8,
        lent: &mut LeaseMut<'_, [u8]>,
        length: usize,
    ) -> Result<(), Fault> {
        let bytes = self.bytes.0.get_mut(..length).ok_or(Fault::TooLong)?;
        if lent.copy_to(bytes) < length {
            return refused();
        }
        let mut operations = [const { Operation::Write(&[]) }; OPERATIONS];
        let operations = parse(bytes, &mut operations)?;
        // An empty transaction does not reach the driver, because `embedded-hal` does not define its effect.
        if operations.is_empty() {
            return Ok(());
        }
        self.driver.transaction(address, operations).map_err(|error| fault(error.kind()))?;
        lent.copy_from(bytes);
        Ok(())
    }

    /// Writes, and then reads. Returns the bytes that were read.
    #[inline(always)]
    fn two(&mut self, address: u8, from: &Lease<'_, [u8]>, read: usize) -> Result<&[u8], Fault> {
        let length = from.len().saturating_add(read);
        let bytes = self.bytes.0.get_mut(..length).ok_or(Fault::TooLong)?;
        let (to, written) = bytes.split_at_mut(read);
        // Most writes have one byte, the number of a register. For one byte this loop is faster than `copy_to`.
        for (place, byte) in written.iter_mut().zip(from.iter()) {
            *place = byte;
        }
        match (written.is_empty(), to.is_empty()) {
            (_, true) => self.driver.write(address, written),
            (true, _) => self.driver.read(address, to),
            _ => self.driver.write_read(address, written, to),
        }
        .map_err(|error| fault(error.kind()))?;
        Ok(to)
    }
}

/// Refuses the call of a client that breaks the rules of the protocol.
#[cold]
fn refused<T>() -> Result<T, Fault> {
    server::refuse();
    Err(Fault::Other)
}

impl<B: I2c, const N: usize, const ADDRESS: u8> I2cDevice<ADDRESS> for I2cBus<B, N> {
    fn exchange(
        &mut self,
        mut buffer: LeaseMut<'_, [u8]>,
        read: u16,
        written: u16,
    ) -> Result<(), Fault> {
        let (read, written) = (usize::from(read), usize::from(written));
        let Some(from) = buffer.slice(read, read + written) else { return refused() };
        let bytes = self.two(ADDRESS, &from, read)?;
        buffer.copy_from(bytes);
        Ok(())
    }

    fn write_read(
        &mut self,
        from: Lease<'_, [u8]>,
        mut to: LeaseMut<'_, [u8]>,
    ) -> Result<(), Fault> {
        let bytes = self.two(ADDRESS, &from, to.len())?;
        to.copy_from(bytes);
        Ok(())
    }

    fn transaction(
        &mut self,
        mut operations: LeaseMut<'_, [u8]>,
        length: u16,
    ) -> Result<(), Fault> {
        self.several(ADDRESS, &mut operations, length.into())
    }
}

/// Splits the bytes into operations. If a header is invalid, the client breaks the rules of the protocol, and its call
/// is refused.
fn parse<'a, 'b>(
    bytes: &'a mut [u8],
    operations: &'b mut [Operation<'a>; OPERATIONS],
) -> Result<&'b mut [Operation<'a>], Fault> {
    let mut rest = bytes;
    let mut count = 0;
    while !rest.is_empty() {
        let place = operations.get_mut(count).ok_or(Fault::TooLong)?;
        let part = rest.split_first_chunk_mut().and_then(|(header, rest)| {
            let header = Header::from_bytes(*header);
            Some((header, rest.split_at_mut_checked(header.length.into())?))
        });
        let Some((header, (data, behind))) = part else {
            return refused();
        };
        *place = match header.kind {
            Kind::Write => Operation::Write(data),
            // The chip sends at least one byte in a read, so a read of zero bytes does not exist.
            Kind::Read if !data.is_empty() => Operation::Read(data),
            _ => return refused(),
        };
        rest = behind;
        count += 1;
    }
    Ok(&mut operations[..count])
}

fn fault(kind: ErrorKind) -> Fault {
    match kind {
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address) => Fault::NoAddress,
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data) => Fault::NoData,
        ErrorKind::NoAcknowledge(_) => Fault::NoAcknowledge,
        ErrorKind::ArbitrationLoss => Fault::ArbitrationLoss,
        ErrorKind::Bus => Fault::Bus,
        ErrorKind::Overrun => Fault::Overrun,
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests;
