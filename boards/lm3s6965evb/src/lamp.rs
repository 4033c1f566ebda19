// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::chip::LAMP_PINS;
use crate::{LAMPS, chip};
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};

/// Driver of a lamp, one of three LEDs, for the process that owns the [`LAMPS`]. High is on.
///
/// A process that doesn't own them can make a driver, too, but the first use of it is a fault of that
/// process.
///
/// ```
/// use lm3s6965evb::Lamp;
/// const ALARM: Lamp = Lamp::new(0);
/// ```
#[derive(Debug)]
pub struct Lamp {
    pin: u8,
}

impl Lamp {
    /// The driver of lamp `index`: 0 is the status LED, 1 and 2 are in the Ethernet socket.
    ///
    /// # Panics
    /// If there is no such lamp: there are 3. In a constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < LAMP_PINS.len(), "there is no such lamp");
        Lamp { pin: LAMP_PINS[index] }
    }

    fn set(&mut self, value: u32) {
        let mask = 1 << self.pin;
        // The index is the mask of the pins that the write changes.
        chip::pins(LAMPS.start).data[mask].set(value);
    }
}

impl ErrorType for Lamp {
    type Error = Infallible;
}

impl OutputPin for Lamp {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(u32::MAX);
        Ok(())
    }
}

impl StatefulOutputPin for Lamp {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(chip::pins(LAMPS.start).data[1 << self.pin].get() != 0)
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
    fn a_fourth_lamp_is_refused() {
        let _ = Lamp::new(3);
    }
}
