// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that is written in C: this crate has its interface, and forwards each method to a function of C.
#![no_std]

use crossgate::{Handle, Notification, Signal, interface};
// C calls these functions.
use crossgate_c as _;
use crossgate_log::Log;
use filter as _;
use meter::Sensor;

/// Something that heats.
#[interface]
pub trait Heating {
    /// Sets the temperature, and returns the one that was set before.
    fn set(&mut self, degrees: u32) -> u32;
    /// Returns the mean of the last values.
    fn filtered(&mut self, value: u32) -> u32;
    /// Returns the number of values so far.
    fn count(&self) -> u32;
    /// Returns the sum of the sensor's readings.
    fn readings(&self) -> u32;
    /// Writes to an address; panics if that is 0.
    fn crash(&self, address: usize);
}

unsafe extern "C" {
    safe fn heater_set(degrees: u32) -> u32;
    safe fn heater_filtered(value: u32) -> u32;
    safe fn heater_count() -> u32;
    safe fn heater_readings() -> u32;
    safe fn heater_crash(address: usize);
    safe fn heater_main(
        sensor: Handle<dyn Sensor>,
        log: Handle<dyn Log>,
        start: Notification,
        done: Signal,
    ) -> !;
}

/// The heater. Its state is in C, so the kernel lets one call in at a time.
#[derive(Debug)]
pub struct Heater;

impl Heating for Heater {
    fn set(&mut self, degrees: u32) -> u32 {
        heater_set(degrees)
    }
    fn filtered(&mut self, value: u32) -> u32 {
        heater_filtered(value)
    }
    fn count(&self) -> u32 {
        heater_count()
    }
    fn readings(&self) -> u32 {
        heater_readings()
    }
    fn crash(&self, address: usize) {
        heater_crash(address);
    }
}

/// Runs the thread of the process.
pub fn main(
    sensor: Handle<dyn Sensor>,
    log: Handle<dyn Log>,
    start: Notification,
    done: Signal,
) -> ! {
    heater_main(sensor, log, start, done)
}
