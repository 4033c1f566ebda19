// SPDX-License-Identifier: MIT OR Apache-2.0
//! An I2C bus: the trait of its chips, and its controller.

use core::fmt;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// A chip on an I2C bus. It gets the bytes of the transfers to its own address. Times are in µs since start.
pub trait I2cChip {
    /// Returns the chip's address, of seven bits.
    fn address(&self) -> u8;
    /// Tells the chip that the controller has sent a START condition (or a repeated START) with the chip's address. If
    /// `reads`, the controller is going to read, otherwise to write. Returns `true` if the chip acknowledges.
    fn start(&mut self, reads: bool, now: u64) -> bool;
    /// Receives a byte from the controller. Returns `true` if the chip acknowledges the byte.
    fn write(&mut self, byte: u8, now: u64) -> bool;
    /// Returns the next byte for the controller.
    fn read(&mut self, now: u64) -> u8;
    /// Tells the chip that the controller has sent a STOP condition.
    fn stop(&mut self, now: u64);
}

/// A controller of a bus with chips of one kind, for tests and examples on boards that have no such chip.
#[derive(Clone, Copy)]
pub struct SimulatedI2c<C, const N: usize> {
    chips: [C; N],
    clock: fn() -> u64,
}

impl<C: I2cChip, const N: usize> SimulatedI2c<C, N> {
    /// Creates a bus with these chips. `clock` returns the time in µs.
    #[must_use]
    pub const fn new(chips: [C; N], clock: fn() -> u64) -> SimulatedI2c<C, N> {
        SimulatedI2c { chips, clock }
    }

    /// Returns the chips.
    pub const fn chips(&mut self) -> &mut [C; N] {
        &mut self.chips
    }

    fn chip(&mut self, address: u8) -> Option<&mut C> {
        self.chips.iter_mut().find(|chip| chip.address() == address)
    }

    fn run(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
        now: u64,
    ) -> Result<(), NoAcknowledgeSource> {
        let chip = self.chip(address).ok_or(NoAcknowledgeSource::Address)?;
        let mut direction = None;
        for operation in operations {
            let reads = matches!(operation, Operation::Read(_));
            // Between consecutive operations of the same kind there is no START.
            if direction != Some(reads) {
                direction = Some(reads);
                if !chip.start(reads, now) {
                    return Err(NoAcknowledgeSource::Address);
                }
            }
            match operation {
                Operation::Write(bytes) => {
                    if !bytes.iter().all(|&byte| chip.write(byte, now)) {
                        return Err(NoAcknowledgeSource::Data);
                    }
                }
                Operation::Read(bytes) => bytes.fill_with(|| chip.read(now)),
            }
        }
        Ok(())
    }
}

impl<C, const N: usize> fmt::Debug for SimulatedI2c<C, N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimulatedI2c").finish_non_exhaustive()
    }
}

impl<C, const N: usize> ErrorType for SimulatedI2c<C, N> {
    type Error = ErrorKind;
}

impl<C: I2cChip, const N: usize> I2c for SimulatedI2c<C, N> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let now = (self.clock)();
        let result = self.run(address, operations, now);
        if let Some(chip) = self.chip(address) {
            chip.stop(now);
        }
        result.map_err(ErrorKind::NoAcknowledge)
    }
}
