// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::places::Places;
use core::convert::Infallible;
use core::marker::PhantomData;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_structs;
use tock_registers::registers::ReadWrite;

register_structs! {
    /// The first register of the FPGA's input and output (ARM DAI 0385).
    Registers {
        (0x00 => on: ReadWrite<u32>),
        (0x04 => @END),
    }
}

/// The number of lamps.
const COUNT: usize = 2;

/// Driver of a lamp, one of the two user LEDs, for the process that owns the [`LAMPS`](crate::LAMPS). High is on.
///
/// A process that doesn't own the lamps can also create a driver, but its first access to a lamp is a fault.
///
/// ```
/// use mps2_an385::Lamp;
/// const ALARM: Lamp = Lamp::new(0);
/// ```
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
        assert!(index < COUNT, "there is no such lamp");
        Lamp { places: PhantomData, bit: 1 << index }
    }

    fn registers(&self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(P::LAMPS.start);
        // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value
        // may be read from them and written to them. The MPU decides which process may access them: a
        // process that doesn't own them is stopped at the access, without an effect on memory.
        unsafe { &*pointer }
    }
}

impl<P> ErrorType for Lamp<P> {
    type Error = Infallible;
}

impl<P: Places> OutputPin for Lamp<P> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let registers = self.registers();
        registers.on.set(registers.on.get() & !self.bit);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let registers = self.registers();
        registers.on.set(registers.on.get() | self.bit);
        Ok(())
    }
}

impl<P: Places> StatefulOutputPin for Lamp<P> {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().on.get() & self.bit != 0)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.is_set_high().map(|high| !high)
    }
}

#[cfg(test)]
mod tests {
    use crate::Lamp;

    #[test]
    #[should_panic(expected = "no such lamp")]
    fn a_third_lamp_is_refused() {
        let _ = Lamp::new(2);
    }
}
