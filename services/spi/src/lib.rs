// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SPI bus as a service: one process owns the controller and the lines that select chips, and each client has one
//! chip.
//!
//! [`SpiBus`] is generic over the driver of the controller (any `SpiBus` of `embedded-hal`), over the pins, and over
//! the delay. The bus serves [`SpiDevice`] for each of its pins, and the wiring says which client gets which chip.
//!
//! ```ignore
//! process bus {
//!     mmio SPI0;
//!     object bus (stack = 512): Exclusive<SpiBus<Spi, Select, Delay, 2, 64>> =
//!         SpiBus::new(Spi::new(SPI0, 8_000_000), [Select::new(0), Select::new(1)], Delay, 4096) =>
//!         [DISPLAY: dyn SpiDevice<0>, MEMORY: dyn SpiDevice<1>];
//! }
//! ```
//!
//! The object is exclusive, so a transaction is never mixed with another. If several clients wait for the bus, the most
//! urgent client is next. While a client waits, the client whose transaction runs has at least the priority of the
//! waiting client. If a client crashes during its transaction, its thread finishes the transaction before the client
//! restarts, so afterwards the bus is free and no chip is selected.
//!
//! If the process of the bus crashes, each client gets an error once. At the first use in its next life, the process
//! flushes the controller and deselects *all* chips. A chip that stayed selected would receive bytes for other chips,
//! and disturb their answers. The process does the same after an error of a pin or of a flush. (A driver that waits in
//! `flush` needs a time limit of its own, and must not stop at the deadline of a client. Otherwise bytes of one client
//! could be left in the controller, and go to the chip of another client.)
//!
//! All chips of a bus are used with the same mode and the same rate: those of the controller's driver.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::{Lease, LeaseMut, server};
use crossgate_spi::{Fault, Header, Kind, LONGEST_PAUSE, OPERATIONS, SpiDevice};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::{self, Error, ErrorKind};

/// A bus: the driver of its controller, a pin for each of its `CHIPS` (low selects the chip), the delay for pauses
/// within a transaction, and memory for `N` bytes. Longer transactions go through this memory in pieces.
#[derive(Debug)]
pub struct SpiBus<B, P, D, const CHIPS: usize, const N: usize> {
    wires: Wires<B, D, N>,
    pins: [P; CHIPS],
    /// The largest number of bytes of a transaction.
    longest: usize,
    /// True if it is certain that no chip is selected and that every bit is sent. It is not certain before the first
    /// use, because the process may have crashed before while a chip was selected. It is also not certain after an
    /// error of a pin or of a flush.
    is_idle: bool,
}

/// The part of the bus that is used while a chip is selected.
#[derive(Debug)]
struct Wires<B, D, const N: usize> {
    driver: B,
    delay: D,
    /// Bytes of the present transaction. They are a copy, because a client may change lent memory at any time: the
    /// driver gets only this copy.
    bytes: Aligned<N>,
}

/// Bytes that are copied word by word.
#[derive(Debug)]
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

impl<B: spi::SpiBus, P: OutputPin, D: DelayNs, const CHIPS: usize, const N: usize>
    SpiBus<B, P, D, CHIPS, N>
{
    /// Creates a bus. A transaction of more than `longest` bytes fails with [`Fault::TooLong`]. There are two reasons
    /// for this limit. First, no other client can use the bus during a transaction. Second, a client with a
    /// [deadline](crossgate::time::with_deadline) can crash a server that computes for 10 ms past the deadline. So
    /// `longest` should be less than the number of bytes that the bus sends in 10 ms.
    ///
    /// # Panics
    /// If `N` is 0. In the wiring, that is a compile error.
    #[must_use]
    pub const fn new(driver: B, pins: [P; CHIPS], delay: D, longest: usize) -> Self {
        const { assert!(N > 0, "a bus has memory for a byte at least") }
        SpiBus {
            wires: Wires { driver, delay, bytes: Aligned([0; N]) },
            pins,
            longest,
            is_idle: false,
        }
    }

    /// Waits until the last bit is sent, and deselects all chips.
    #[cold]
    fn make_idle(&mut self) -> Result<(), Fault> {
        self.wires.driver.flush().map_err(fault)?;
        self.pins.iter_mut().try_for_each(|pin| pin.set_high().map_err(|_| Fault::ChipSelect))
    }

    /// Selects the chip for a transaction of `length` bytes.
    #[inline(always)]
    fn select(&mut self, chip: usize, length: usize) -> Result<(), Fault> {
        if length > self.longest {
            return Err(Fault::TooLong);
        }
        if !self.is_idle {
            self.make_idle()?;
        }
        self.is_idle = false;
        self.pins[chip].set_low().map_err(|_| Fault::ChipSelect)
    }

    /// Waits until the last bit is sent, and deselects the chip.
    #[inline(always)]
    fn deselect(&mut self, chip: usize, result: Result<(), Fault>) -> Result<(), Fault> {
        let flushed = self.wires.driver.flush().map_err(fault);
        self.pins[chip].set_high().map_err(|_| Fault::ChipSelect)?;
        self.is_idle = flushed.is_ok();
        result.and(flushed)
    }

    #[inline(always)]
    fn selected(
        &mut self,
        chip: usize,
        length: usize,
        run: impl FnOnce(&mut Wires<B, D, N>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.select(chip, length)?;
        let result = run(&mut self.wires);
        self.deselect(chip, result)
    }
}

impl<B: spi::SpiBus, D: DelayNs, const N: usize> Wires<B, D, N> {
    /// Writes and then reads. The bytes that are read are at the start of the lent bytes, and the bytes to write are
    /// after them.
    #[inline(always)]
    fn within(
        &mut self,
        mut lent: LeaseMut<'_, [u8]>,
        read: usize,
        written: usize,
    ) -> Result<(), Fault> {
        let Some(from) = lent.slice(read, read + written) else { return refused() };
        let Some(bytes) = self.bytes.0.get_mut(..read + written) else {
            self.write(&from)?;
            return lent.slice_mut(0, read).map_or_else(refused, |to| self.read(to));
        };
        let (to, out) = bytes.split_at_mut(read);
        // Most writes have one byte, a command. For one byte this loop is faster than `copy_to`.
        for (place, byte) in out.iter_mut().zip(from.iter()) {
            *place = byte;
        }
        if !out.is_empty() {
            self.driver.write(out).map_err(fault)?;
        }
        if !to.is_empty() {
            // A driver may send the contents of the buffer while it reads. So the buffer is cleared, or it could send
            // bytes of an earlier client.
            to.fill(0);
            self.driver.read(to).map_err(fault)?;
            lent.copy_from(to);
        }
        Ok(())
    }

    fn write(&mut self, from: &Lease<'_, [u8]>) -> Result<(), Fault> {
        let mut start = 0;
        while start < from.len() {
            let end = from.len().min(start + N);
            let Some(piece) = from.slice(start, end) else { return refused() };
            let bytes = &mut self.bytes.0[..end - start];
            piece.copy_to(bytes);
            self.driver.write(bytes).map_err(fault)?;
            start = end;
        }
        Ok(())
    }

    fn read(&mut self, mut to: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        // As above. (For later pieces, the buffer has only bytes of this client.)
        self.bytes.0[..to.len().min(N)].fill(0);
        let mut start = 0;
        while start < to.len() {
            let end = to.len().min(start + N);
            let Some(mut piece) = to.slice_mut(start, end) else { return refused() };
            let bytes = &mut self.bytes.0[..end - start];
            self.driver.read(bytes).map_err(fault)?;
            piece.copy_from(bytes);
            start = end;
        }
        Ok(())
    }

    fn in_place(&mut self, mut lent: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        let mut start = 0;
        while start < lent.len() {
            let end = lent.len().min(start + N);
            let Some(mut piece) = lent.slice_mut(start, end) else { return refused() };
            let bytes = &mut self.bytes.0[..end - start];
            piece.copy_to(bytes);
            self.driver.transfer_in_place(bytes).map_err(fault)?;
            piece.copy_from(bytes);
            start = end;
        }
        Ok(())
    }

    fn transfer(
        &mut self,
        from: &Lease<'_, [u8]>,
        mut to: LeaseMut<'_, [u8]>,
    ) -> Result<(), Fault> {
        let length = from.len().max(to.len());
        let mut start = 0;
        while start < length {
            let end = length.min(start + N);
            let bytes = &mut self.bytes.0[..end - start];
            let piece = from.slice(start.min(from.len()), end.min(from.len()));
            let copied = piece.map_or(0, |piece| piece.copy_to(bytes));
            bytes[copied..].fill(0);
            self.driver.transfer_in_place(bytes).map_err(fault)?;
            if let Some(mut piece) = to.slice_mut(start.min(to.len()), end.min(to.len())) {
                piece.copy_from(bytes);
            }
            start = end;
        }
        Ok(())
    }

    /// Carries out the operations of a list. Each header is read only once, because the client may change it at any
    /// time.
    fn operate(&mut self, mut list: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        let mut place = 0;
        let mut pauses = 0_u32;
        let mut left = OPERATIONS;
        while place < list.len() {
            left = left.checked_sub(1).ok_or(Fault::TooLong)?;
            let (Some(low), Some(high)) = (list.get(place), list.get(place + 1)) else {
                return refused();
            };
            let header = Header::from_bytes([low, high]);
            let start = place + Header::SIZE;
            place = start + usize::from(header.length);
            let Some(bytes) = list.slice_mut(start, place) else { return refused() };
            match header.kind {
                Kind::Write => self.write(&bytes)?,
                Kind::Read => self.read(bytes)?,
                Kind::Exchange => self.in_place(bytes)?,
                Kind::Delay => self.pause(&bytes, &mut pauses)?,
            }
        }
        Ok(())
    }

    /// Carries out a pause, if all pauses so far are not longer than the longest pause together.
    fn pause(&mut self, lent: &Lease<'_, [u8]>, before: &mut u32) -> Result<(), Fault> {
        let mut bytes = [0; 4];
        if lent.copy_to(&mut bytes) < bytes.len() || lent.len() > bytes.len() {
            return refused();
        }
        let ns = u32::from_le_bytes(bytes);
        *before = before.saturating_add(ns);
        if *before > LONGEST_PAUSE {
            return Err(Fault::TooLong);
        }
        // The written bytes have to be sent before the pause begins.
        self.driver.flush().map_err(fault)?;
        self.delay.delay_ns(ns);
        Ok(())
    }
}

/// Refuses the call of a client that breaks the rules of the protocol.
#[cold]
fn refused<T>() -> Result<T, Fault> {
    server::refuse();
    Err(Fault::Other)
}

impl<B, P, D, const CHIPS: usize, const N: usize, const CHIP: usize> SpiDevice<CHIP>
    for SpiBus<B, P, D, CHIPS, N>
where
    B: spi::SpiBus,
    P: OutputPin,
    D: DelayNs,
{
    fn write_read_within(
        &mut self,
        buffer: LeaseMut<'_, [u8]>,
        read: u16,
        written: u16,
    ) -> Result<(), Fault> {
        let (read, written) = (usize::from(read), usize::from(written));
        self.selected(chip::<CHIP, CHIPS>(), read + written, |wires| {
            wires.within(buffer, read, written)
        })
    }

    fn write_read(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        let length = from.len().saturating_add(to.len());
        self.selected(chip::<CHIP, CHIPS>(), length, |wires| {
            wires.write(&from)?;
            wires.read(to)
        })
    }

    fn transfer_in_place(
        &mut self,
        mut bytes: LeaseMut<'_, [u8]>,
        length: u32,
    ) -> Result<(), Fault> {
        let length = length as usize;
        let Some(bytes) = bytes.slice_mut(0, length) else { return refused() };
        self.selected(chip::<CHIP, CHIPS>(), length, |wires| wires.in_place(bytes))
    }

    fn transfer(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        let length = from.len().max(to.len());
        self.selected(chip::<CHIP, CHIPS>(), length, |wires| wires.transfer(&from, to))
    }

    fn transaction(
        &mut self,
        mut operations: LeaseMut<'_, [u8]>,
        length: u16,
    ) -> Result<(), Fault> {
        let length = usize::from(length);
        let Some(list) = operations.slice_mut(0, length) else { return refused() };
        self.selected(chip::<CHIP, CHIPS>(), length, |wires| wires.operate(list))
    }
}

/// Returns the number of the chip. The compiler checks that the bus has this chip.
const fn chip<const CHIP: usize, const CHIPS: usize>() -> usize {
    const { assert!(CHIP < CHIPS, "the bus has no such chip") }
    CHIP
}

fn fault(error: impl Error) -> Fault {
    match error.kind() {
        ErrorKind::Overrun => Fault::Overrun,
        ErrorKind::ModeFault => Fault::ModeFault,
        ErrorKind::FrameFormat => Fault::FrameFormat,
        ErrorKind::ChipSelectFault => Fault::ChipSelect,
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests;
