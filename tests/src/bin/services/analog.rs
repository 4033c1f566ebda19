// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels of a PWM generator, and inputs of an AD converter that measures them. Each client has its own channel or
//! input and no other, and a crash of the driver costs one error. One process simulates both devices, because not every
//! board has them.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::convert::Infallible;
use core::sync::atomic::{AtomicU16, Ordering::Relaxed};
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, thread};
use crossgate_abi::Cause;
use crossgate_adc::{AnalogInput, Converter, Inputs};
use crossgate_pwm::{Channels, Error, Fault, PwmChannel, PwmHandle};
use embedded_hal::pwm::{ErrorType, SetDutyCycle};
use system_tests::raw;
use system_tests::report::{expect, fail, pass};
use system_tests::watch::Watch;

static DUTIES: [AtomicU16; 2] = [const { AtomicU16::new(0) }; 2];
const MAX: u16 = 100;
/// A duty cycle that crashes the driver.
const FATAL: u16 = 66;

struct Generator(usize);

impl ErrorType for Generator {
    type Error = Infallible;
}
impl SetDutyCycle for Generator {
    fn max_duty_cycle(&self) -> u16 {
        MAX
    }
    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Infallible> {
        assert!(duty != FATAL, "a mistake in the driver");
        DUTIES[self.0].store(duty, Relaxed);
        Ok(())
    }
}

/// A converter with the inputs 4 and 5, which measure 10 mV for each unit of the duty cycle.
struct Meter;

impl Converter for Meter {
    fn microvolts(&mut self, input: u8) -> Result<u32, crossgate_adc::Fault> {
        let duty = DUTIES.get(usize::from(input).wrapping_sub(4)).ok_or(crossgate_adc::Fault)?;
        Ok(u32::from(duty.load(Relaxed)) * 10_000)
    }
}

crossgate::system! {
    static SYSTEM;
    process devices {
        object channels (stack = 256): Exclusive<Channels<Generator, 2>> =
            Channels::new([Generator(0), Generator(1)]) => [FAN: dyn PwmChannel<0>, LIGHT: dyn PwmChannel<1>];
        object inputs (stack = 256): Exclusive<Inputs<Meter, 3>> = Inputs::new(Meter, [5, 4, 6]) =>
            [OF_LIGHT: dyn AnalogInput<0>, OF_FAN: dyn AnalogInput<1>, OF_NOTHING: dyn AnalogInput<2>];
    }
    process client {
        notification GO;
        thread main (priority = 5, stack = 2048) = client(FAN, OF_FAN, OF_LIGHT, OF_NOTHING, GO, DONE);
    }
    process attacker { thread main (priority = 4, stack = 2048) = attack(LIGHT, GO); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn client(
    fan: Handle<dyn PwmChannel<0>>,
    of_fan: Handle<dyn AnalogInput<1>>,
    of_light: Handle<dyn AnalogInput<0>>,
    of_nothing: Handle<dyn AnalogInput<2>>,
    go: Notification,
    done: Signal,
) -> ! {
    let Ok(mut fan) = PwmHandle::new(fan) else { fail(format_args!("there is no channel")) };
    expect("a duty cycle", fan.set_duty_cycle_percent(40), Ok(()));
    expect("the voltage of the channel", of_fan.microvolts(), Ok(Ok(400_000)));
    expect("the other", of_light.microvolts(), Ok(Ok(0)));
    expect("an input that does not exist", of_nothing.microvolts(), Ok(Err(crossgate_adc::Fault)));
    go.wait();
    expect("the devices have their initial state", of_fan.microvolts(), Ok(Ok(0)));
    expect("the voltage of the attacker's channel", of_light.microvolts(), Ok(Ok(1_000_000)));
    expect("again", fan.set_duty_cycle_fully_on(), Ok(()));
    expect("the voltage of the channel", of_fan.microvolts(), Ok(Ok(1_000_000)));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn attack(light: Handle<dyn PwmChannel<1>>, go: Signal) -> ! {
    for service in ["FAN", "OF_FAN", "OF_LIGHT"] {
        let status = raw::call(raw::service(&SYSTEM, service), 0, [0; 4]).error();
        expect("a channel of another client", status, Some(CallError::NotPermitted));
    }
    let Ok(mut handle) = PwmHandle::new(light) else { fail(format_args!("there is no channel")) };
    for duty in [MAX + 1, u16::MAX] {
        let too_high = Err(Error::Channel(Fault::TooHigh));
        expect("too high", handle.set_duty_cycle(duty), too_high);
    }
    let crash = handle.set_duty_cycle(FATAL);
    expect("a crash", crash, Err(Error::Call(CallError::ServerFaulted)));
    expect("a retry", handle.set_duty_cycle(MAX), Ok(()));
    expect("signal", go.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("devices", Cause::Panic);
    done.wait();
    watch.expect_no_more();
    pass()
}
