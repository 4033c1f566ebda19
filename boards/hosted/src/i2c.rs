// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{I2C0, Registers};
use board_contract::i2c::{Controller, operate};
use crossgate::Mmio;
use crossgate_abi::hosted::i2c::{
    ACKNOWLEDGED, BUSY, DATA, RATE, RECEIVE, SEND, START, STATUS, STOP,
};
use embedded_hal::i2c::{self, ErrorKind, ErrorType, NoAcknowledgeSource, Operation};

/// Driver of the controller of the I2C bus, for the process that owns [`I2C0`]. There are two chips on the bus. At the
/// address 0x76 is a BME280; its temperature rises by 2 °C and falls again in ten minutes. At 0x3c is an SSD1306, a
/// display that the option `--display` shows.
///
/// The first access resets the controller. So if the process crashed during a transfer, this transfer ends.
///
/// ```
/// use hosted_board::{I2C0, I2c};
/// const BUS: I2c = I2c::new(I2C0, 400_000);
/// ```
#[derive(Debug)]
pub struct I2c {
    registers: Registers,
    rate: u32,
    ready: bool,
    /// True if the next byte begins a transfer.
    starts: bool,
}

impl I2c {
    /// Creates the driver of the controller in `mmio`, at `rate` bits a second.
    ///
    /// # Panics
    /// If `mmio` is not the board's controller, or if `rate` is not from 1 to 1,000,000. In a constant or in the
    /// wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, rate: u32) -> I2c {
        const OTHERWISE: &str = "there is no I2C controller at these registers";
        assert!(rate > 0 && rate <= 1_000_000, "the bus has 1 to 1,000,000 bits a second");
        I2c {
            registers: Registers::of(mmio, &[I2C0], OTHERWISE),
            rate,
            ready: false,
            starts: false,
        }
    }

    /// Writes a register, and waits until the controller is done. Returns the status.
    fn command(&self, register: usize, value: u8) -> usize {
        self.registers.write(register, value.into());
        loop {
            let status = self.registers.read(STATUS);
            if status & BUSY == 0 {
                return status;
            }
        }
    }
}

impl Controller for I2c {
    /// The controller makes the condition together with the address, which is the next byte.
    fn start(&mut self) -> Result<(), ErrorKind> {
        self.starts = true;
        Ok(())
    }

    fn send(&mut self, byte: u8, what: NoAcknowledgeSource) -> Result<(), ErrorKind> {
        let register = if core::mem::take(&mut self.starts) { START } else { SEND };
        let acknowledged = self.command(register, byte) & ACKNOWLEDGED != 0;
        if acknowledged { Ok(()) } else { Err(ErrorKind::NoAcknowledge(what)) }
    }

    fn receive(&mut self, acknowledge: bool) -> Result<u8, ErrorKind> {
        self.command(RECEIVE, acknowledge.into());
        Ok(self.registers.read(DATA) as u8)
    }
}

impl ErrorType for I2c {
    type Error = ErrorKind;
}

impl i2c::I2c for I2c {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        if !self.ready {
            self.ready = true;
            self.registers.write(RATE, self.rate as usize);
        }
        let result = operate(self, address, operations);
        self.command(STOP, 1);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TIMER0;

    #[test]
    #[should_panic(expected = "no I2C controller at these registers")]
    fn other_devices_are_refused() {
        let _ = I2c::new(TIMER0, 100_000);
    }

    #[test]
    #[should_panic(expected = "bits a second")]
    fn a_rate_of_zero_is_refused() {
        let _ = I2c::new(I2C0, 0);
    }
}
