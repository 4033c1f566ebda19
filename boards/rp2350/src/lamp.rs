// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::LAMPS;
use crate::registers::{Gpio, registers};
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};

/// The pins of the lamps: the LED on the board, and pin 20 of the board's edge.
pub(crate) const PINS: [u8; 2] = [25, 15];

/// Driver of a lamp, an LED at an output pin, for the process that owns the [`LAMPS`]. Lamp 0 is the LED on the board.
/// Lamp 1 is for an LED of your own, from GP15 (pin 20) to ground. High is on.
///
/// A process that doesn't own the lamps can also create a driver, but its first access to a lamp is a fault.
#[derive(Debug)]
pub struct Lamp {
    pin: u8,
}

impl Lamp {
    /// Creates the driver of lamp `index`.
    ///
    /// # Panics
    /// If there is no such lamp: there are 2. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < PINS.len(), "there is no such lamp");
        Lamp { pin: PINS[index] }
    }

    fn registers(&self) -> &'static Gpio {
        registers(LAMPS.start)
    }
}

impl ErrorType for Lamp {
    type Error = Infallible;
}

impl OutputPin for Lamp {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.registers().clear.set(1 << self.pin);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.registers().set.set(1 << self.pin);
        Ok(())
    }
}

impl StatefulOutputPin for Lamp {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().output.get() & 1 << self.pin != 0)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.is_set_high().map(|high| !high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no such lamp")]
    fn a_third_lamp_is_refused() {
        let _ = Lamp::new(2);
    }
}
