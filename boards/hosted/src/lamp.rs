// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{LAMPS, Registers};
use core::convert::Infallible;
use crossgate_abi::Word;
use crossgate_abi::hosted::lamps::{COUNT, ON};
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};

/// Driver of a lamp, for the process that owns the [`LAMPS`]. High is on. The terminal shows
/// all lamps whenever one changes.
///
/// ```
/// use hosted_board::Lamp;
/// const ALARM: Lamp = Lamp::new(0);
/// ```
#[derive(Debug)]
pub struct Lamp {
    registers: Registers,
    bit: Word,
}

impl Lamp {
    /// Creates the driver of lamp `index`.
    ///
    /// # Panics
    /// If there is no such lamp: there are 8. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < COUNT, "there is no such lamp");
        Lamp { registers: Registers::of(LAMPS, &[LAMPS], ""), bit: 1 << index }
    }
}

impl ErrorType for Lamp {
    type Error = Infallible;
}

impl OutputPin for Lamp {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.registers.write(ON, self.registers.read(ON) & !self.bit);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.registers.write(ON, self.registers.read(ON) | self.bit);
        Ok(())
    }
}

impl StatefulOutputPin for Lamp {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers.read(ON) & self.bit != 0)
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
    fn a_ninth_lamp_is_refused() {
        let _ = Lamp::new(8);
    }
}
