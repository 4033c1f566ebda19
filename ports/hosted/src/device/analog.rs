// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PWM generator, and an analogue to digital converter that measures its channels.

use super::Device;
use crossgate_abi::Word;
use crossgate_abi::hosted::{adc, pwm};
use crossgate_kernel::time::NEVER;
use std::cell::Cell;
use std::rc::Rc;

/// The duty cycles of the channels.
type Duties = Rc<[Cell<Word>; pwm::CHANNELS]>;

/// The PWM generator, which produces voltages.
pub struct Pwm(Duties);

/// The converter, which measures these voltages.
pub struct Adc(Duties);

/// Creates both.
pub fn devices() -> (Pwm, Adc) {
    let duties = Duties::default();
    (Pwm(Rc::clone(&duties)), Adc(duties))
}

impl Device for Pwm {
    fn read(&mut self, register: Word, _: u64) -> Word {
        self.0.get(register).map_or(0, Cell::get)
    }

    fn write(&mut self, register: Word, value: Word, _: u64) {
        if let Some(duty) = self.0.get(register) {
            duty.set(value.min(pwm::MAX));
        }
    }

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        false
    }
}

impl Device for Adc {
    fn read(&mut self, register: Word, _: u64) -> Word {
        self.0.get(register).map_or(0, |duty| duty.get() * adc::MAX / pwm::MAX)
    }

    fn write(&mut self, _: Word, _: Word, _: u64) {}

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_converter_measures_the_channel_with_its_number() {
        let (mut generator, mut converter) = devices();
        for (duty, measured) in [(500, 2047), (pwm::MAX, adc::MAX), (5 * pwm::MAX, adc::MAX)] {
            generator.write(2, duty, 0);
            assert_eq!([1, 2, 3].map(|input| converter.read(input, 0)), [0, measured, 0]);
        }
        generator.write(pwm::CHANNELS, 7, 0);
        assert_eq!((generator.read(2, 0), generator.read(pwm::CHANNELS, 0)), (pwm::MAX, 0));
    }
}
