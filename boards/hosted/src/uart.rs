// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Registers, UART0, UART1, UART2};
use core::convert::Infallible;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::serial::{DATA, INTERRUPT, RATE, RECEIVED};
use embedded_io::{ErrorType, Read, ReadReady, Write};

/// Driver of a serial line, for the process that owns it.
///
/// The driver implements traits of [`embedded_io`]: [`Read`] waits for the device, and [`ReadReady`] returns `true` if
/// a byte is there. Writes never wait. The first access sets the device up. Before, it receives nothing.
///
/// A process that doesn't own the line can also create a driver, but its first access to the line is a fault.
///
/// ```
/// use hosted_board::{UART1, Uart};
/// const PORT: Uart = Uart::new(UART1, 115_200).with_receive_interrupt();
/// ```
#[derive(Debug)]
pub struct Uart {
    registers: Registers,
    baud: u32,
    receive_interrupt: bool,
    ready: bool,
}

impl Uart {
    /// Creates the driver of the serial line in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's serial lines, or `baud` is 0. In a constant or in the wiring, this is a compile
    /// error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart {
        assert!(baud > 0, "a serial line needs a rate");
        const OTHERWISE: &str = "there is no UART at these registers";
        let registers = Registers::of(mmio, &[UART0, UART1, UART2], OTHERWISE);
        Uart { registers, baud, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. The first read or write also sets it up.
    pub fn enable(&mut self) {
        if !self.ready {
            self.ready = true;
            self.registers.write(INTERRUPT, self.receive_interrupt.into());
            self.registers.write(RATE, self.baud as Word);
        }
    }

    fn has_received(&self) -> bool {
        self.registers.read(RECEIVED) != 0
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.enable();
        for &byte in bytes {
            self.registers.write(DATA, byte.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        self.enable();
        Ok(self.has_received())
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        self.enable();
        while !self.has_received() {}
        *first = self.registers.read(DATA) as u8;
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TIMER0;

    #[test]
    #[should_panic(expected = "no UART at these registers")]
    fn other_devices_are_refused() {
        let _ = Uart::new(TIMER0, 115_200);
    }

    #[test]
    #[should_panic(expected = "needs a rate")]
    fn a_rate_of_zero_is_refused() {
        let _ = Uart::new(UART1, 0);
    }
}
