// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::LAMPS;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::ReadWrite;

register_structs! {
    Registers {
        (0x00 => on: ReadWrite<u32>),
        (0x04 => @END),
    }
}

/// The pins of the lamps. There have to be at least two; for a board with one lamp, use a pin without a lamp.
const PINS: [u8; 2] = [0, 1];

/// Driver of a lamp, for the process that owns the [`LAMPS`]. High is on.
#[derive(Debug)]
pub struct Lamp {
    bit: u32,
}

impl Lamp {
    /// Creates the driver of lamp `index`.
    ///
    /// # Panics
    /// If there is no such lamp: there are 2. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < PINS.len(), "there is no such lamp");
        Lamp { bit: 1 << PINS[index] }
    }

    fn registers(&self) -> &'static Registers {
        crate::registers(LAMPS)
    }
}

impl ErrorType for Lamp {
    type Error = Infallible;
}

impl OutputPin for Lamp {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.registers().on.set(self.registers().on.get() & !self.bit);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.registers().on.set(self.registers().on.get() | self.bit);
        Ok(())
    }
}

impl StatefulOutputPin for Lamp {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().on.get() & self.bit != 0)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.is_set_high().map(|high| !high)
    }
}
