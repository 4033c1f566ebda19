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
//! The object is exclusive, so a transaction is never mixed with another. Of the clients that wait for the bus, the
//! most urgent one is next. While it waits, it lends its priority to the client whose transaction runs. If a client
//! crashes in a transaction, its thread finishes the transaction first, so afterwards the bus is free and no chip is
//! selected.
//!
//! If the process of the bus crashes, each client gets an error once. At the first use in its next life, the process
//! flushes the controller and deselects *all* chips. A chip that stayed selected would receive bytes for other chips,
//! and disturb their answers. The process does the same after an error of a pin or of a flush. (A driver that waits in
//! `flush` needs a time limit of its own, and must not stop at the deadline of a client. Otherwise bytes of one client
//! could be left over, and go to the chip of another.)
//!
//! All chips of a bus have the mode and the rate that the driver of the controller has.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::{Lease, LeaseMut, server};
use crossgate_spi::{Fault, Header, Kind, LONGEST_PAUSE, OPERATIONS, SpiDevice};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::{self, Error, ErrorKind};

/// A bus with a driver of its controller, a pin for each of its `CHIPS` (low selects), what waits for pauses within a
/// transaction, and memory for `N` bytes, through which longer transactions go in pieces.
#[derive(Debug)]
pub struct SpiBus<B, P, D, const CHIPS: usize, const N: usize> {
    wires: Wires<B, D, N>,
    pins: [P; CHIPS],
    /// The most bytes of a transaction.
    longest: usize,
    /// No chip is selected, and every bit is sent. That is not known before the first use, as a former life of the process
    /// may have selected one, nor after an error of a pin or of a flush.
    is_idle: bool,
}

/// The bus as a selected chip sees it.
#[derive(Debug)]
struct Wires<B, D, const N: usize> {
    driver: B,
    delay: D,
    /// Bytes of the present transaction. A client may change lent memory at any time, so the driver never sees it.
    bytes: Aligned<N>,
}

/// Bytes that are copied by words.
#[derive(Debug)]
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

impl<B: spi::SpiBus, P: OutputPin, D: DelayNs, const CHIPS: usize, const N: usize>
    SpiBus<B, P, D, CHIPS, N>
{
    /// Creates a bus. A transaction of more bytes than `longest` is refused, because nobody else has the bus meanwhile, and
    /// because a client with [deadlines](crossgate::time::with_deadline) can stop a process that computes for 10 ms
    /// beyond them: it should be less than what the bus sends in that time.
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

    /// Selects the chip for a transaction of so many bytes.
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
    /// Writes and reads: what is read lies at the start of the bytes, and what is written behind it.
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
        // Most writes are a command of one byte, for which this is faster than `copy_to`.
        for (place, byte) in out.iter_mut().zip(from.iter()) {
            *place = byte;
        }
        if !out.is_empty() {
            self.driver.write(out).map_err(fault)?;
        }
        if !to.is_empty() {
            // A driver may send what is there while it reads: not the bytes of an earlier client.
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
        // As above. (Later pieces find bytes of this client.)
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

    /// Makes the operations of a list. Each header is read once, because the client may change it meanwhile.
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

    /// Waits, if it makes no more than the longest pause together with those before it.
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

/// Refuses a client that breaks the rules of the protocol.
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

/// Returns the number of a chip that there is.
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
