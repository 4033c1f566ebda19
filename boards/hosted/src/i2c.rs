// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{I2C0, Registers};
use crossgate::Mmio;
use crossgate_abi::hosted::i2c::{
    ACKNOWLEDGED, BUSY, DATA, RATE, RECEIVE, SEND, START, STATUS, STOP,
};
use embedded_hal::i2c::{self, ErrorKind, ErrorType, NoAcknowledgeSource, Operation};

/// Driver of the controller of the I2C bus, for the process that owns [`I2C0`]. On the bus is a BME280, at the address
/// 0x76; its air gets warmer and colder by 2 °C in ten minutes.
///
/// The first access resets the controller, so a transfer that a former life of the process has begun ends.
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
}

impl I2c {
    /// The driver of the controller in `mmio`, at `rate` bits a second.
    ///
    /// # Panics
    /// If `mmio` is not the board's controller, or the rate is none of 1 to 1,000,000. In a constant or in the wiring, that
    /// is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, rate: u32) -> I2c {
        const OTHERWISE: &str = "there is no I2C controller at these registers";
        assert!(rate > 0 && rate <= 1_000_000, "the bus has 1 to 1,000,000 bits a second");
        I2c { registers: Registers::of(mmio, &[I2C0], OTHERWISE), rate, ready: false }
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

    fn send(
        &self,
        register: usize,
        byte: u8,
        source: NoAcknowledgeSource,
    ) -> Result<(), ErrorKind> {
        let acknowledged = self.command(register, byte) & ACKNOWLEDGED != 0;
        if acknowledged { Ok(()) } else { Err(ErrorKind::NoAcknowledge(source)) }
    }

    fn run(&self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        let mut direction = None;
        let mut rest = operations.iter_mut().peekable();
        while let Some(operation) = rest.next() {
            let reads = matches!(operation, Operation::Read(_));
            if direction != Some(reads) {
                direction = Some(reads);
                let byte = address << 1 | u8::from(reads);
                self.send(START, byte, NoAcknowledgeSource::Address)?;
            }
            match operation {
                Operation::Write(bytes) => {
                    for &byte in bytes.iter() {
                        self.send(SEND, byte, NoAcknowledgeSource::Data)?;
                    }
                }
                Operation::Read(bytes) => {
                    let goes_on =
                        matches!(rest.peek(), Some(Operation::Read(next)) if !next.is_empty());
                    let last = bytes.len().wrapping_sub(1);
                    for (index, byte) in bytes.iter_mut().enumerate() {
                        self.command(RECEIVE, u8::from(index != last || goes_on));
                        *byte = self.registers.read(DATA) as u8;
                    }
                }
            }
        }
        Ok(())
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
        let result = self.run(address, operations);
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
