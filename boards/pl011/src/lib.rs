// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver of ARM's serial line PL011 (ARM DDI 0183), which chips of several makers have. The crate of a board says
//! where its lines are: it implements [`Places`].
#![no_std]

use core::convert::Infallible;
use core::fmt::Debug;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a UART (ARM PL011) that are used here.
    Registers {
        (0x00 => data: ReadWrite<u32>),
        (0x04 => _0),
        (0x18 => state: ReadOnly<u32, State::Register>),
        (0x1c => _1),
        (0x24 => divisor: ReadWrite<u32>),
        (0x28 => divisor_fraction: ReadWrite<u32>),
        (0x2c => format: ReadWrite<u32, Format::Register>),
        (0x30 => control: ReadWrite<u32, Control::Register>),
        (0x34 => _2),
        (0x38 => interrupt_mask: ReadWrite<u32, Interrupt::Register>),
        (0x3c => _3),
        (0x44 => clear: WriteOnly<u32, Interrupt::Register>),
        (0x48 => @END),
    }
}

register_bitfields![u32,
    State [
        BUSY OFFSET(3) NUMBITS(1) [],
        RECEIVE_EMPTY OFFSET(4) NUMBITS(1) [],
        SEND_FULL OFFSET(5) NUMBITS(1) [],
    ],
    Format [
        BITS OFFSET(5) NUMBITS(2) [EIGHT = 3],
    ],
    Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
        SEND OFFSET(8) NUMBITS(1) [],
        RECEIVE OFFSET(9) NUMBITS(1) [],
    ],
    Interrupt [
        RECEIVE OFFSET(4) NUMBITS(1) [],
    ],
];

/// The places of the serial lines of a board.
pub trait Places: Debug + Send + 'static {
    /// The frequency of the clock that the lines divide, in Hz.
    const CLOCK_HZ: u32;
    /// The registers of the lines.
    const UARTS: [Mmio; 3];
}

/// Driver of a serial line (ARM PL011), for the process that owns its registers.
///
/// The driver implements traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, and [`ReadReady`]
/// returns `true` if a byte is there. The FIFOs of the device are off, so that every byte raises the interrupt. The
/// device therefore holds only one byte in each direction. The first access sets the device up.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Uart<P> {
    places: PhantomData<P>,
    start: usize,
    /// The divisor of the clock, in 64ths.
    divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

/// The smallest and the largest divisor, in 64ths. The clock is divided by the divisor, and a bit takes 16 ticks of the
/// result.
const LEAST: u32 = 64;
const MOST: u32 = 0xffff * 64;

impl<P: Places> Uart<P> {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or if the clock can't be divided down to `baud`. At 50 MHz this can be 48
    /// to 3,125,000, and at 150 MHz 144 to 9,375,000. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart<P> {
        let start = mmio.start;
        let [first, second, third] = P::UARTS;
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        // The clock times 64 (the parts of a divisor), divided by 16 (the ticks of a bit).
        let parts = P::CLOCK_HZ * 4;
        assert!(baud >= parts.div_ceil(MOST), "the UART is not that slow: its divisor has 16 bits");
        let divisor = parts / baud;
        assert!(
            divisor >= LEAST,
            "the UART is not that fast: a bit takes 16 ticks of its clock at least"
        );
        Uart { places: PhantomData, start, divisor, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart<P> {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. Before, it receives nothing. The first read or write also sets
    /// it up.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte. It sets the device up if necessary. If the device accepts no byte for some time, the byte is lost.
    /// Boards use this for the last words of the kernel.
    pub fn tell(&self, byte: u8) {
        // The number of reads of the state. They take about as long as it takes to send three bytes.
        let patience = P::CLOCK_HZ / 25_000;
        let registers = self.device();
        if registers.divisor.get() == 0 {
            self.set_rate();
        }
        registers.control.modify(Control::ENABLE::SET + Control::SEND::SET);
        for _ in 0..patience {
            if !registers.state.is_set(State::SEND_FULL) {
                break;
            }
        }
        registers.data.set(u32::from(byte));
    }

    /// Sets the divisor and the format. The format has to be written last, because only this write makes the divisor
    /// take effect.
    fn set_rate(&self) {
        let registers = self.device();
        registers.divisor.set(self.divisor / 64);
        registers.divisor_fraction.set(self.divisor % 64);
        registers.format.write(Format::BITS::EIGHT);
    }

    fn device(&self) -> &'static Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust
        // object lies there, and any value may be read from them and written to them. The
        // MPU decides which process may access them: a process that doesn't own them is stopped
        // at the access, without an effect on memory.
        unsafe { &*pointer }
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &Registers {
        if !self.ready {
            self.ready = true;
            let registers = self.device();
            // The divisor may change only while the device is off.
            registers.control.set(0);
            self.set_rate();
            let interrupt = Interrupt::RECEIVE.val(self.receive_interrupt.into());
            registers.interrupt_mask.write(interrupt);
            registers
                .control
                .write(Control::ENABLE::SET + Control::SEND::SET + Control::RECEIVE::SET);
        }
        self.device()
    }
}

impl<P> ErrorType for Uart<P> {
    type Error = Infallible;
}

impl<P: Places> Write for Uart<P> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while registers.state.is_set(State::SEND_FULL) {}
            registers.data.set(u32::from(byte));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while self.registers().state.is_set(State::BUSY) {}
        Ok(())
    }
}

impl<P: Places> ReadReady for Uart<P> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.registers().state.is_set(State::RECEIVE_EMPTY))
    }
}

impl<P: Places> Read for Uart<P> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while registers.state.is_set(State::RECEIVE_EMPTY) {}
        // The interrupt is cleared before the byte is read. So a byte that arrives after the read raises it again.
        registers.clear.write(Interrupt::RECEIVE::SET);
        *first = registers.data.get() as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Example;

    impl Places for Example {
        const CLOCK_HZ: u32 = 50_000_000;
        const UARTS: [Mmio; 3] = [line(0x4000_c000), line(0x4000_d000), line(0x4000_e000)];
    }

    const fn line(start: usize) -> Mmio {
        Mmio { start, size: 0x1000 }
    }

    type Line = Uart<Example>;
    const FIRST: Mmio = Example::UARTS[0];
    const LAST: Mmio = Example::UARTS[2];

    #[test]
    fn the_baud_rate_is_a_divisor_of_the_clock() {
        // 50 MHz / 16 / (27 + 8/64) is 115,207 bits a second.
        assert_eq!(Line::new(FIRST, 115_200).divisor, 27 * 64 + 8);
        assert_eq!(Line::new(LAST, 3_125_000).divisor, LEAST);
        assert!(Line::new(LAST, 48).divisor <= MOST);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Line::new(Mmio { start: 0x2000_0000, size: 0x1000 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Line::new(FIRST, 3_125_001);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_that_needs_a_larger_divisor_is_refused() {
        let _ = Line::new(FIRST, 47);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Line::new(FIRST, 0);
    }
}
