// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::chip;
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};

/// Driver of an output pin: a [`Lamp`](crate::Lamp), or the line that [selects](crate::CardSelect) the SD card. It is
/// for the process that owns the GPIO port whose registers are at the address `PORT`.
#[derive(Debug)]
pub struct Output<const PORT: usize> {
    /// The bit of the pin. An access with this mask does not change the other pins.
    mask: u32,
}

impl<const PORT: usize> Output<PORT> {
    /// Creates the driver of the pin with this bit.
    pub(crate) const fn of(mask: u32) -> Self {
        Output { mask }
    }

    fn set(&mut self, value: u32) {
        chip::pins(PORT).data[self.mask as usize].set(value);
    }
}

impl<const PORT: usize> ErrorType for Output<PORT> {
    type Error = Infallible;
}

impl<const PORT: usize> OutputPin for Output<PORT> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(u32::MAX);
        Ok(())
    }
}

impl<const PORT: usize> StatefulOutputPin for Output<PORT> {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(chip::pins(PORT).data[self.mask as usize].get() != 0)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.is_set_high().map(|high| !high)
    }
}
