// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{CLOCK_HZ, UART0, UART1, UART2};
use core::convert::Infallible;
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

/// Driver of a serial line (ARM PL011), for the process that owns its registers.
///
/// It reads and writes through the traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, [`ReadReady`]
/// returns whether a byte is there. The FIFOs of the device are off, so that every byte raises the interrupt: it holds
/// one byte in each direction. The first access sets the device up.
///
/// A process that doesn't own the registers can make a driver, too, but the first use of it is a
/// fault of that process.
///
/// ```
/// use lm3s6965evb::{UART1, Uart};
/// const PORT: Uart = Uart::new(UART1, 115_200).with_receive_interrupt();
/// ```
#[derive(Debug)]
pub struct Uart {
    start: usize,
    /// In 64ths.
    divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

/// The bounds of the divisor of the clock, of which a bit takes 16 ticks, in 64ths.
const LEAST: u32 = 64;
const MOST: u32 = 0xffff * 64;

impl Uart {
    /// The driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs or the clock can't be divided down to `baud`, which is 48 to
    /// 3,125,000. In a constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart {
        let start = mmio.start;
        assert!(
            start == UART0.start || start == UART1.start || start == UART2.start,
            "there is no UART at these registers"
        );
        // 64 parts of 16 ticks.
        const PARTS: u32 = CLOCK_HZ * 4;
        assert!(
            baud >= PARTS.div_ceil(MOST),
            "the UART is not that slow: 48 bits a second are the least"
        );
        let divisor = PARTS / baud;
        assert!(
            divisor >= LEAST,
            "the UART is not that fast: 3,125,000 bits a second are the most"
        );
        Uart { start, divisor, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up without transferring a byte: nothing is received before. Reading and
    /// writing do it, too.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte, whatever state the device is in; gives up if the device takes no byte for a while.
    pub(crate) fn tell(&self, byte: u8) {
        // About as long as three bytes take.
        const PATIENCE: u32 = 2000;
        let registers = self.device();
        if registers.divisor.get() == 0 {
            self.set_rate();
        }
        registers.control.modify(Control::ENABLE::SET + Control::SEND::SET);
        for _ in 0..PATIENCE {
            if !registers.state.is_set(State::SEND_FULL) {
                break;
            }
        }
        registers.data.set(u32::from(byte));
    }

    /// The format has to be written after the divisor, because this write makes the divisor take effect.
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

    /// The registers of a device that is set up.
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

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
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

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.registers().state.is_set(State::RECEIVE_EMPTY))
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while registers.state.is_set(State::RECEIVE_EMPTY) {}
        // Clear the interrupt first: a byte that arrives after this one is read raises it again.
        registers.clear.write(Interrupt::RECEIVE::SET);
        *first = registers.data.get() as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baud_rate_is_a_divisor_of_the_clock() {
        // 50 MHz / 16 / 27 8/64 are 115,207.
        assert_eq!(Uart::new(UART0, 115_200).divisor, 27 * 64 + 8);
        assert_eq!(Uart::new(UART2, 3_125_000).divisor, LEAST);
        assert!(Uart::new(UART2, 48).divisor <= MOST);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Uart::new(Mmio { start: 0x2000_0000, size: 0x1000 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "not that fast")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = Uart::new(UART1, 3_125_001);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_that_needs_a_larger_divisor_is_refused() {
        let _ = Uart::new(UART1, 47);
    }

    #[test]
    #[should_panic(expected = "not that slow")]
    fn a_rate_of_zero_is_refused() {
        let _ = Uart::new(UART1, 0);
    }
}
