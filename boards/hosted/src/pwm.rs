// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{PWM, Registers};
use core::convert::Infallible;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::pwm::{CHANNELS, MAX};
use embedded_hal::pwm::{ErrorType, SetDutyCycle};

/// Driver of a channel of the PWM generator, for the process that owns [`PWM`]. The input with the same number of the
/// [`Adc`](crate::Adc) measures the channel's output.
#[derive(Debug)]
pub struct Pwm {
    registers: Registers,
    channel: Word,
}

impl Pwm {
    /// Creates the driver of a channel of the generator in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's generator, or if the generator has no such channel. In a constant or in the wiring,
    /// this is a compile error.
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
