// SPDX-License-Identifier: MIT OR Apache-2.0
//! A room that the sun warms: its sensor, its fan, and the control that switches the fan.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use board::{UART2, Uart};
use core::time::Duration;
use crossgate::{Handle, Notification, time};
use crossgate_watch::{Observer, Updater, Watch};
use thermostat_interfaces::{Celsius, Measured, NoReading};
use web_interfaces::CrashButton;

/// The service object of the sensor: its last measurement, with room for one thread that waits for changes.
pub type Temperature = Watch<Measured, 1>;
/// The service object of the control: the temperature above which the fan runs.
pub type SetPoint = Watch<Celsius, 0>;
/// The service object of the fan: true while it runs.
pub type Fan = Watch<bool, 0>;

/// The time between two measurements.
const PERIOD: Duration = Duration::from_millis(250);
/// The time without a measurement after which the fan runs for safety.
const SILENCE: Duration = Duration::from_secs(2);
/// The distance from the set point at which the fan is switched.
const HYSTERESIS: i16 = 5;

/// Creates the object, with no measurement yet. The notification wakes the waiting thread.
#[must_use]
pub const fn temperature(changed: Notification) -> Temperature {
    Watch::new(Measured(Err(NoReading::NotYet)), [changed])
}

/// The service object with the button that crashes its process.
#[derive(Debug)]
pub struct Button;

impl CrashButton for Button {
    fn press(&self) {
        // This serial line belongs to another process.
        Uart::new(UART2, 115_200).enable();
    }
}

/// Returns the temperature of the room after one period, in hundredths of a degree. `fan` is `true` if the fan runs.
fn next(hundredths: i32, fan: bool) -> i32 {
    const OUTSIDE: i32 = 3000;
    const COOLING: i32 = 24;
    hundredths + (OUTSIDE - hundredths) / 64 - if fan { COOLING } else { 0 }
}

/// The thread of the sensor.
pub fn measure(temperature: &'static Temperature, fan: Handle<dyn Observer<bool>>) -> ! {
    let mut hundredths = 2200;
    loop {
        // If the fan does not answer, it does not cool.
        hundredths = next(hundredths, fan.get().unwrap_or(false));
        temperature.set(Measured(Ok(Celsius((hundredths / 10) as i16))));
        time::sleep(PERIOD);
    }
}

/// Returns `true` if the fan has to run.
fn decide(measured: Option<Celsius>, set_point: Celsius, runs: bool) -> bool {
    let Some(Celsius(measured)) = measured else { return true };
    let margin = if runs { -HYSTERESIS } else { HYSTERESIS };
    measured > set_point.0.saturating_add(margin)
}

/// The main function of the control's thread. The fan runs while the room is too warm, and while the temperature is not
/// known.
pub fn control(
    sensor: Handle<dyn Observer<Measured>>,
    set_point: &'static SetPoint,
    fan: Handle<dyn Updater<bool>>,
) -> ! {
    let (mut seen, mut runs) = (0, false);
    loop {
        let measured = match sensor.changed_timeout(seen, SILENCE) {
            Ok((Measured(measured), version)) => {
                let is_new = version != seen;
                seen = version;
                measured.ok().filter(|_| is_new)
            }
            Err(_) => {
                // The sensor has crashed. It restarts, so its versions start at 0 again.
                seen = 0;
                None
            }
        };
        runs = decide(measured, set_point.get().0, runs);
        // If the call fails, the next measurement tries again.
        let _ = fan.set(runs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fan_keeps_the_room_at_the_set_point() {
        for set_point in [180, 230, 270] {
            let (mut hundredths, mut runs, mut switched) = (2200, false, 0);
            for period in 0..2000 {
                let measured = Celsius((hundredths / 10) as i16);
                let before = runs;
                runs = decide(Some(measured), Celsius(set_point), before);
                switched += u32::from(runs != before);
                hundredths = next(hundredths, runs);
                let distance = (hundredths / 10 - i32::from(set_point)).abs();
                assert!(period < 500 || distance <= 8, "{hundredths} at {period}");
            }
            assert!(switched > 10, "{switched}");
        }
    }

    #[test]
    fn the_fan_runs_while_nobody_knows_how_warm_it_is() {
        assert!(decide(None, Celsius(i16::MAX), false));
        assert!(!decide(Some(Celsius(i16::MAX)), Celsius(i16::MAX), false));
    }
}
