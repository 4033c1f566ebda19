// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::places::Places;
use crate::registers::{Port, registers};
use core::convert::Infallible;
use core::marker::PhantomData;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};

/// Driver of a lamp, an LED at an output pin, for the process that owns the GPIO port of the lamps. High is on.
///
/// A process that doesn't own the port can also create a driver, but its first access to a lamp is a fault.
#[derive(Debug)]
pub struct Lamp<P> {
    places: PhantomData<P>,
    pin: u8,
}

impl<P: Places> Lamp<P> {
    /// Creates the driver of lamp `index`.
    ///
    /// # Panics
    /// If there is no such lamp: there are 2. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp<P> {
        assert!(index < P::LAMP_PINS.len(), "there is no such lamp");
        Lamp { places: PhantomData, pin: P::LAMP_PINS[index] }
    }

    fn registers(&self) -> &'static Port {
        registers(P::LAMPS.start)
    }
}

impl<P> ErrorType for Lamp<P> {
    type Error = Infallible;
}

impl<P: Places> OutputPin for Lamp<P> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.registers().set.set(1 << 16 << self.pin);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.registers().set.set(1 << self.pin);
        Ok(())
    }
}

impl<P: Places> StatefulOutputPin for Lamp<P> {
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
    use crate::places::Example;

    #[test]
    #[should_panic(expected = "no such lamp")]
    fn a_third_lamp_is_refused() {
        let _ = Lamp::<Example>::new(2);
    }
}
