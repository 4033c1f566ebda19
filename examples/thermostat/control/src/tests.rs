// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the thermostat without its hardware. Fakes implement the real interfaces, and the tested code is the same
//! as on the device.

use super::*;
use crossgate::Lease;
use crossgate::testing::Wiring;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct House(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    sensor: Option<Result<Celsius, NoReading>>,
    version: u32,
    fan_broken: bool,
    switched: Vec<bool>,
    log: Vec<String>,
}

impl Observer<Measured> for House {
    fn get(&self) -> Measured {
        self.changed(0).0
    }
    fn changed(&self, _: u32) -> (Measured, u32) {
        let (sensor, version) = {
            let inside = self.0.lock().unwrap();
            (inside.sensor, inside.version)
        };
        (Measured(sensor.expect("the sensor crashes")), version)
    }
    // If there is no new value, the fake returns at once, as if the timeout had passed.
    fn changed_timeout(&self, seen: u32, _: Duration) -> (Measured, u32) {
        self.changed(seen)
    }
}

impl Fan for House {
    fn set_power(&mut self, on: bool) {
        let broken = self.0.lock().unwrap().fan_broken;
        assert!(!broken, "the fan crashes");
        self.0.lock().unwrap().switched.push(on);
    }
}

impl Log for House {
    fn write(&self, _: Level, text: Lease<'_, [u8]>) {
        let text = text.iter().take_while(|&byte| byte != 0).map(char::from).collect();
        self.0.lock().unwrap().log.push(text);
    }
}

impl House {
    /// Runs the tested code with the fakes of a house.
    fn run(test: impl FnOnce(&House, &mut Control)) {
        let (house, wiring) = (House::default(), Wiring::new());
        let sensor = wiring.process("sensor").may_crash().serve(house.clone());
        let fan = wiring.process("fan").may_crash().serve(house.clone());
        let mut control = Control::new(sensor, fan, wiring.serve(house.clone()));
        wiring.run(|| test(&house, &mut control));
    }

    fn measure(&self, control: &mut Control, tenths: i16) {
        self.tell(control, Ok(Celsius(tenths)));
    }

    fn tell(&self, control: &mut Control, measured: Result<Celsius, NoReading>) {
        let mut inside = self.0.lock().unwrap();
        inside.sensor = Some(measured);
        inside.version += 1;
        drop(inside);
        assert_eq!(control.step(), Ok(()));
    }

    fn crash(&self, control: &mut Control) {
        self.0.lock().unwrap().sensor = None;
        assert_eq!(control.step(), Err(CallError::ServerFaulted));
        self.0.lock().unwrap().version = 0;
    }

    fn switched(&self) -> Vec<bool> {
        std::mem::take(&mut self.0.lock().unwrap().switched)
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().log)
    }
}

#[test]
fn the_fan_follows_the_temperature_with_hysteresis() {
    House::run(|house, control| {
        for (tenths, switched) in [
            (249, None),
            (250, None),
            (251, Some(true)),
            (260, None),
            (250, None),
            (240, None),
            (239, Some(false)),
            (245, None),
            (250, None),
            (251, Some(true)),
        ] {
            house.measure(control, tenths);
            assert_eq!(house.switched(), Vec::from_iter(switched), "at {tenths}");
        }
    });
}

#[test]
fn readings_and_switching_are_logged() {
    House::run(|house, control| {
        house.measure(control, 251);
        house.measure(control, -5);
        let expected = [
            "control: reading 25.1",
            "control: fan on at 25.1",
            "control: reading -0.5",
            "control: fan off at -0.5",
        ];
        assert_eq!(house.log(), expected);
    });
}

#[test]
fn a_drop_out_changes_nothing() {
    House::run(|house, control| {
        house.measure(control, 251);
        house.switched();
        house.log();
        house.tell(control, Err(NoReading::DropOut));
        assert_eq!(house.switched(), []);
        assert_eq!(house.log(), ["control: drop-out"]);
    });
}

#[test]
fn before_the_first_reading_nothing_happens() {
    House::run(|house, control| {
        house.tell(control, Err(NoReading::NotYet));
        assert_eq!(house.log(), [""; 0]);
    });
}

#[test]
fn a_crash_of_the_sensor_leads_to_safe_mode_and_a_reading_out_of_it() {
    House::run(|house, control| {
        house.crash(control);
        assert_eq!(house.switched(), [true]);
        assert_eq!(
            house.log(),
            ["control: safe mode: the server faulted", "control: fan on for safety"]
        );

        house.measure(control, 200);
        assert_eq!(house.switched(), [false]);
    });
}

#[test]
fn a_crash_of_the_sensor_that_nobody_saw_leads_to_safe_mode_as_well() {
    House::run(|house, control| {
        house.measure(control, 200);
        house.log();
        house.0.lock().unwrap().version = 0;
        house.0.lock().unwrap().sensor = Some(Err(NoReading::NotYet));
        assert_eq!(control.step(), Ok(()));
        assert_eq!(
            house.log(),
            ["control: safe mode: the server faulted", "control: fan on for safety"]
        );
        house.measure(control, 200);
        assert_eq!(house.switched(), [true, false]);
    });
}

#[test]
fn safe_mode_is_logged_once_for_each_reason() {
    House::run(|house, control| {
        house.tell(control, Err(NoReading::NotYet));
        for _ in 0..2 {
            assert_eq!(control.step(), Ok(()), "nothing new");
        }
        assert_eq!(
            house.log(),
            ["control: safe mode: the sensor is silent", "control: fan on for safety"]
        );
        house.crash(control);
        assert_eq!(house.log(), ["control: safe mode: the server faulted"]);
        assert_eq!(house.switched(), [true]);
    });
}

#[test]
fn a_fan_that_crashes_is_tried_again() {
    House::run(|house, control| {
        house.0.lock().unwrap().fan_broken = true;
        house.measure(control, 251);
        assert_eq!(house.log(), ["control: reading 25.1", "control: fan: the server faulted"]);
        house.0.lock().unwrap().fan_broken = false;
        house.measure(control, 249);
        assert_eq!(house.switched(), []);
    });
}

#[test]
fn calls_are_counted() {
    House::run(|house, control| {
        for _ in 0..STATISTICS_EVERY {
            house.measure(control, 251);
        }
        // 60 readings with two calls each, and two calls to switch the fan and log this. The call that logs this line
        // is not counted yet.
        assert_eq!(house.log().last().unwrap(), "control: 60 messages, 122 calls, 0 failed");
    });
}
