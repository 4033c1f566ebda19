// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::devices::{UART0, UART1, UART2};
use crate::registers::{Serial, SerialEnable, SerialInterrupt, registers};
use core::convert::Infallible;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{Readable, Writeable};

/// The rates that the chips have, in bits a second, and the words for them (UART, `BAUDRATE`).
const RATES: [(u32, u32); 18] = [
    (1200, 0x0004_f000),
    (2400, 0x0009_d000),
    (4800, 0x0013_b000),
    (9600, 0x0027_5000),
    (14_400, 0x003b_0000),
    (19_200, 0x004e_a000),
    (28_800, 0x0075_f000),
    (31_250, 0x0080_0000),
    (38_400, 0x009d_5000),
    (56_000, 0x00e5_0000),
    (57_600, 0x00eb_f000),
    (76_800, 0x013a_9000),
    (115_200, 0x01d7_e000),
    (230_400, 0x03af_b000),
    (250_000, 0x0400_0000),
    (460_800, 0x075f_7000),
    (921_600, 0x0ebe_d000),
    (1_000_000, 0x1000_0000),
];

/// Driver of the serial line (UART), for the process that owns its registers. This process is [trusted with all
/// memory](crate).
///
/// The driver implements traits of [`embedded_io`]: [`Read`] and [`Write`] wait for the device, and [`ReadReady`]
/// returns `true` if a byte is there. The device holds six bytes that have arrived. The first access sets it up.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Uart {
    start: usize,
    rate: u32,
    receive_interrupt: bool,
    ready: bool,
}

impl Uart {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or if the chip does not have this rate: it has the usual ones from 1200
    /// to 1,000,000. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart {
        let start = mmio.start;
        let [first, second, third] = [UART0, UART1, UART2];
        assert!(
            start == first.start || start == second.start || start == third.start,
            "there is no UART at these registers"
        );
        let mut index = 0;
        while index < RATES.len() && RATES[index].0 != baud {
            index += 1;
        }
        assert!(index < RATES.len(), "the UART does not have this rate");
        let rate = RATES[index].1;
        Uart { start, rate, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. Before, it receives nothing. The first read or write also sets
    /// it up.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte. It sets the device up if necessary. If the device accepts no byte for some time, the byte is lost.
    pub(crate) fn tell(&self, byte: u8) {
        // The number of reads of the state. They take about as long as it takes to send three bytes.
        const PATIENCE: u32 = 2500;
        let registers = registers::<Serial>(self.start);
        if !registers.enable.matches_all(SerialEnable::DEVICE::LINE) {
            set_up(registers, self.rate, false);
        }
        registers.start_sending.set(1);
        registers.sent.set(0);
        registers.send.set(u32::from(byte));
        let _ = (0..PATIENCE).any(|_| registers.sent.get() != 0);
    }

    /// Returns the registers of the device. The first call sets the device up.
    fn registers(&mut self) -> &'static Serial {
        let registers = registers::<Serial>(self.start);
        if !self.ready {
            self.ready = true;
            set_up(registers, self.rate, self.receive_interrupt);
        }
        registers
    }
}

/// Sets the device up, whatever an earlier life of its process has set. Its pins stay.
fn set_up(registers: &Serial, rate: u32, receive_interrupt: bool) {
    registers.enable.set(0);
    registers.disable_interrupts.set(u32::MAX);
    registers.rate.set(rate);
    // 8 bits, no parity, no flow control.
    registers.format.set(0);
    registers.received.set(0);
    registers.sent.set(0);
    registers.enable_interrupts.write(SerialInterrupt::RECEIVED.val(receive_interrupt.into()));
    registers.enable.write(SerialEnable::DEVICE::LINE);
    registers.start_sending.set(1);
    registers.start_receiving.set(1);
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            registers.sent.set(0);
            registers.send.set(u32::from(byte));
            while registers.sent.get() == 0 {}
        }
        Ok(bytes.len())
    }

    /// Returns at once, because `write` returns when the last byte is sent.
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().received.get() != 0)
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while registers.received.get() == 0 {}
        // The event is cleared before the byte is read, because with the read the next byte raises it again.
        registers.received.set(0);
        *first = registers.receive.get() as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    type Line = Uart;
    const LINE: Mmio = UART0;

    #[test]
    fn the_words_for_rates_are_shares_of_the_clock() {
        assert_eq!(Line::new(LINE, 115_200).rate, 0x01d7_e000);
        for (baud, word) in RATES {
            // The word is the share of the 16 MHz, in parts of 2^32. The chip is exact to 0.5 %.
            let exact = (u64::from(baud) << 32) / 16_000_000;
            assert!(exact.abs_diff(word.into()) * 200 <= exact, "{baud}");
        }
    }

    #[test]
    fn a_line_in_any_state_is_set_up() {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Serial = unsafe { zeroed() };
        registers.enable.set(8);
        registers.format.set(0xf);
        registers.received.set(1);
        set_up(&registers, 7, true);
        assert_eq!((registers.enable.get(), registers.format.get()), (4, 0));
        assert_eq!((registers.received.get(), registers.rate.get()), (0, 7));
        assert_eq!(registers.enable_interrupts.get(), 1 << 2);
    }

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_memory_is_refused() {
        let _ = Line::new(Mmio { start: 0x2000_0000, size: 0x1000 }, 115_200);
    }

    #[test]
    #[should_panic(expected = "does not have this rate")]
    fn a_rate_between_is_refused() {
        let _ = Line::new(LINE, 115_201);
    }
}
