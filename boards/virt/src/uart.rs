// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{UART0, UART1, UART2};
use core::convert::Infallible;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a 16550, a byte each. The first two are the divisor while `Line::DIVISOR` is set.
    Registers {
        (0x00 => data: ReadWrite<u8>),
        (0x01 => interrupt: ReadWrite<u8, Interrupt::Register>),
        (0x02 => fifo: ReadWrite<u8>),
        (0x03 => line: ReadWrite<u8, Line::Register>),
        (0x04 => _modem: ReadWrite<u8>),
        (0x05 => state: ReadOnly<u8, State::Register>),
        (0x06 => @END),
    }
}

register_bitfields![u8,
    Interrupt [
        RECEIVE OFFSET(0) NUMBITS(1) [],
    ],
    Line [
        EIGHT_BITS OFFSET(0) NUMBITS(2) [Set = 3],
        DIVISOR OFFSET(7) NUMBITS(1) [],
    ],
    State [
        RECEIVED OFFSET(0) NUMBITS(1) [],
        SEND_EMPTY OFFSET(5) NUMBITS(1) [],
    ],
];

/// The frequency of the device's clock in Hz.
const CLOCK: u32 = 3_686_400;

/// Driver of a serial line (16550), for the process that owns its registers.
///
/// It reads and writes through the traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, [`ReadReady`]
/// returns whether a byte is there. The first access sets the device up, without its FIFOs.
///
/// A process that doesn't own the registers can make a driver, too, but the first use of it is a fault of that process.
///
/// ```
/// use virt::{UART0, Uart};
/// const PORT: Uart = Uart::new(UART0, 115_200).with_receive_interrupt();
/// ```
#[derive(Debug)]
pub struct Uart {
    start: usize,
    divisor: u16,
    receive_interrupt: bool,
    ready: bool,
}

impl Uart {
    /// The driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs or the clock can't be divided down to `baud`, which is 4 to 230,400. In a
    /// constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart {
        let start = mmio.start;
        assert!(
            start == UART0.start || start == UART1.start || start == UART2.start,
            "there is no UART at these registers"
        );
        assert!(baud >= 4, "the UART is not that slow: 4 bits a second are the least");
        let divisor = CLOCK / 16 / baud;
        assert!(divisor >= 1, "the UART is not that fast: 230,400 bits a second are the most");
        Uart { start, divisor: divisor as u16, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up without transferring a byte: nothing is received before. Reading and writing do it, too.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte, whatever state the device is in; gives up if the device takes no byte for a while.
    pub(crate) fn tell(&self, byte: u8) {
        /// More reads of the state than a byte takes.
        const PATIENCE: u32 = 10_000;
        let registers = self.device();
        registers.line.write(Line::EIGHT_BITS::Set);
        for _ in 0..PATIENCE {
            if registers.state.is_set(State::SEND_EMPTY) {
                break;
            }
        }
        registers.data.set(byte);
    }

    fn device(&self) -> &'static Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: no Rust object lies there, and any value may be read
        // from them and written to them. The protection unit decides which process may access them: a process that
        // doesn't own them is stopped at the access, without an effect on memory.
        unsafe { &*pointer }
    }

    /// The registers of a device that is set up.
    fn registers(&mut self) -> &Registers {
        if !self.ready {
            self.ready = true;
            let registers = self.device();
            let [low, high] = self.divisor.to_le_bytes();
            registers.line.write(Line::EIGHT_BITS::Set + Line::DIVISOR::SET);
            registers.data.set(low);
            registers.interrupt.set(high);
            registers.line.write(Line::EIGHT_BITS::Set);
            registers.fifo.set(0);
            registers.interrupt.write(Interrupt::RECEIVE.val(u8::from(self.receive_interrupt)));
        }
        self.device()
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while !registers.state.is_set(State::SEND_EMPTY) {}
            registers.data.set(byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.registers().state.is_set(State::SEND_EMPTY) {}
        Ok(())
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().state.is_set(State::RECEIVED))
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while !registers.state.is_set(State::RECEIVED) {}
        *first = registers.data.get();
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baud_rate_is_a_divisor_of_the_clock() {
        assert_eq!(Uart::new(UART0, 115_200).divisor, 2);
        assert_eq!(Uart::new(UART2, 230_400).divisor, 1);
        assert_eq!(Uart::new(UART2, 4).divisor, 57_600);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Uart::new(Mmio { start: 0x8000_0000, size: 0x1000 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Uart::new(UART1, 230_401);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Uart::new(UART1, 0);
    }
}
