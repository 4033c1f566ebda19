// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{PWM, Registers};
use core::convert::Infallible;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::pwm::{CHANNELS, MAX};
use embedded_hal::pwm::{ErrorType, SetDutyCycle};

/// Driver of a channel of the PWM generator, for the process that owns [`PWM`]. The input of the
/// [`Adc`](crate::Adc) with the same number measures it.
#[derive(Debug)]
pub struct Pwm {
    registers: Registers,
    channel: Word,
}

impl Pwm {
    /// The driver of a channel of the generator in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's generator, or if it has no such channel. In a constant or in the wiring, that is a
    /// compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, channel: usize) -> Pwm {
        const OTHERWISE: &str = "there is no PWM generator at these registers";
        assert!(channel < CHANNELS, "the generator has no such channel");
        Pwm { registers: Registers::of(mmio, &[PWM], OTHERWISE), channel }
    }
}

impl ErrorType for Pwm {
    type Error = Infallible;
}

impl SetDutyCycle for Pwm {
    fn max_duty_cycle(&self) -> u16 {
        MAX as u16
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Infallible> {
        self.registers.write(self.channel, duty.into());
        Ok(())
    }
}
