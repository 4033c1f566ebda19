// SPDX-License-Identifier: MIT OR Apache-2.0
//! The PWM generator and the converter of the hosted board, used through their services: each input measures the output
//! of the channel with the same number.

use board::{ADC, Adc, PWM, Pwm};
use crossgate::{Exclusive, Handle};
use crossgate_adc::{AnalogInput, Converter, Fault, Inputs};
use crossgate_pwm::{Channels, PwmChannel, PwmHandle};
use embedded_hal::pwm::SetDutyCycle;
use system_tests::report::{expect, fail, pass};

struct Measured(Adc);

impl Converter for Measured {
    fn microvolts(&mut self, input: u8) -> Result<u32, Fault> {
        self.0.microvolts(input).ok_or(Fault)
    }
}

crossgate::system! {
    static SYSTEM;
    process generator {
        mmio PWM;
        object channels (stack = 1024): Exclusive<Channels<Pwm, 2>> =
            Channels::new([Pwm::new(PWM, 1), Pwm::new(PWM, 3)]) => [LIGHT: dyn PwmChannel<0>, FAN: dyn PwmChannel<1>];
    }
    process converter {
        mmio ADC;
        object inputs (stack = 1024): Exclusive<Inputs<Measured, 3>> =
            Inputs::new(Measured(Adc::new(ADC)), [1, 3, 4]) =>
            [OF_LIGHT: dyn AnalogInput<0>, OF_FAN: dyn AnalogInput<1>, OF_NOTHING: dyn AnalogInput<2>];
    }
    process client { thread main (priority = 5, stack = 8192) = client(FAN, OF_FAN, OF_LIGHT, OF_NOTHING); }
}
board::start!(SYSTEM);

fn client(
    fan: Handle<dyn PwmChannel<1>>,
    of_fan: Handle<dyn AnalogInput<1>>,
    of_light: Handle<dyn AnalogInput<0>>,
    of_nothing: Handle<dyn AnalogInput<2>>,
) -> ! {
    let Ok(mut fan) = PwmHandle::new(fan) else { fail(format_args!("there is no channel")) };
    for (percent, microvolts) in [(50, 1_649_597), (100, 3_300_000), (0, 0)] {
        expect("a duty cycle", fan.set_duty_cycle_percent(percent), Ok(()));
        expect("the voltage of the channel", of_fan.microvolts(), Ok(Ok(microvolts)));
        expect("the voltage of the other channel", of_light.microvolts(), Ok(Ok(0)));
    }
    expect("an input that does not exist", of_nothing.microvolts(), Ok(Err(Fault)));
    pass()
}
