// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::bus::{Bus, Device};
use crate::chip::{Chip, Places};
use core::convert::Infallible;
use core::marker::PhantomData;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};

/// The offsets of the registers with the levels of the pins.
const LEVELS: usize = 0x04;
const SET: usize = 0x08;
const CLEAR: usize = 0x0c;

/// Driver of a lamp, an LED at an output pin, for the process that owns the registers of the lamps. High is on.
///
/// A process that doesn't own them can also create a driver, but its first access to a lamp is a fault.
#[derive(Debug)]
pub struct Lamp<P> {
    places: PhantomData<P>,
    bit: u32,
}

impl<P: Places> Lamp<P> {
    /// Creates the driver of lamp `index`.
    ///
    /// # Panics
    /// If there is no such lamp: there are 2. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp<P> {
        assert!(index < P::LAMP_PINS.len(), "there is no such lamp");
        Lamp { places: PhantomData, bit: 1 << P::LAMP_PINS[index] }
    }

    fn device() -> &'static impl Bus {
        // SAFETY: `Lamp` accesses only registers of pins.
        const { &unsafe { Device::new() } }
    }
}

impl<P> ErrorType for Lamp<P> {
    type Error = Infallible;
}

impl<P: Places> OutputPin for Lamp<P> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Self::device().write(P::Chip::PINS + CLEAR, self.bit);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Self::device().write(P::Chip::PINS + SET, self.bit);
        Ok(())
    }
}

impl<P: Places> StatefulOutputPin for Lamp<P> {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(Self::device().read(P::Chip::PINS + LEVELS) & self.bit != 0)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.is_set_high().map(|high| !high)
    }
}
