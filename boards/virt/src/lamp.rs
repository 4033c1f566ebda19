// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::LAMPS;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};

/// The number of lamps.
const COUNT: usize = 2;

/// Driver of a lamp that does not exist: it accesses the registers where lamps would be, so that a process that does not
/// own the [`LAMPS`] is stopped, and is never high.
#[derive(Debug)]
pub struct Lamp;

impl Lamp {
    /// The driver of lamp `index`.
    ///
    /// # Panics
    /// If the index is not that of a lamp: there would be 2. In a constant or in the wiring, that is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < COUNT, "there is no such lamp");
        Lamp
    }

    /// Reads the register, in which no lamp is on.
    fn read(&self) -> bool {
        /// The number of the device in the slot.
        const DEVICE: usize = 8;
        let register = core::ptr::with_exposed_provenance::<u32>(LAMPS.start + DEVICE);
        // SAFETY: this is a device register: it is aligned, no Rust object lies there, and any value may be read from it.
        // The protection unit decides which process may access it.
        unsafe { register.read_volatile() != 0 }
    }
}

impl ErrorType for Lamp {
    type Error = Infallible;
}

impl OutputPin for Lamp {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.read();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.read();
        Ok(())
    }
}

impl StatefulOutputPin for Lamp {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.read())
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
