// SPDX-License-Identifier: MIT OR Apache-2.0
//! The control process. It switches the fan according to the temperature. It knows the other processes only by their
//! interfaces.
//!
//! The fan is switched on above [`ON_ABOVE`] and off below [`OFF_BELOW`]. If the sensor's process crashes, or publishes
//! no reading for [`SILENCE`], the thermostat goes to *safe mode*: the fan is on until there is a reading again. Each
//! reading and each change of the fan is logged:
//!
//! ```text
//! control: reading 25.1
//! control: fan on at 25.1
//! control: drop-out
//! control: safe mode: the server faulted
//! control: 60 messages, 127 calls, 0 failed
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt::{self, Write};
use core::time::Duration;
use crossgate::{CallError, Handle, time};
use crossgate_log::{Level, Line, Log};
use crossgate_watch::Observer;
use thermostat_interfaces::{Celsius, Fan, Measured, NoReading};

/// Above this temperature the fan is switched on.
pub const ON_ABOVE: Celsius = Celsius(250);
/// Below this temperature the fan is switched off.
pub const OFF_BELOW: Celsius = Celsius(240);
/// The longest time without a reading. The sensor normally has one reading each minute.
pub const SILENCE: Duration = Duration::from_secs(150);
/// The number of messages of the sensor after which control logs the number of calls.
pub const STATISTICS_EVERY: u32 = 60;

/// The time between two attempts to reach a sensor that has crashed.
const RETRY: Duration = Duration::from_millis(100);

/// The main function of the process' thread. It repeats [`Control::step`], which waits for the sensor.
pub fn main(
    sensor: Handle<dyn Observer<Measured>>,
    fan: Handle<dyn Fan>,
    log: Handle<dyn Log>,
) -> ! {
    let mut control = Control::new(sensor, fan, log);
    loop {
        if control.step().is_err() {
            time::sleep(RETRY);
        }
    }
}

/// The state of the thermostat.
pub struct Control {
    sensor: Handle<dyn Observer<Measured>>,
    /// The version of the sensor's value that control has seen last.
    seen: u32,
    fan: Handle<dyn Fan>,
    log: Handle<dyn Log>,
    fan_on: bool,
    safe: Option<Reason>,
    messages: u32,
    calls: u32,
    failed: u32,
}

/// The reason why the thermostat is in safe mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Call(CallError),
    Silence,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Call(error) => error.fmt(formatter),
            Reason::Silence => formatter.write_str("the sensor is silent"),
        }
    }
}

impl Control {
    /// Creates a thermostat that has switched nothing yet.
    #[must_use]
    pub fn new(
        sensor: Handle<dyn Observer<Measured>>,
        fan: Handle<dyn Fan>,
        log: Handle<dyn Log>,
    ) -> Control {
        Control {
            sensor,
            seen: 0,
            fan,
            log,
            fan_on: false,
            safe: None,
            messages: 0,
            calls: 0,
            failed: 0,
        }
    }

    /// Waits for the next value of the sensor, and switches the fan accordingly. Also handles a silent or crashed
    /// sensor.
    ///
    /// # Errors
    /// If the sensor has crashed, so that a call to it fails.
    pub fn step(&mut self) -> Result<(), CallError> {
        let changed = self.sensor.changed_timeout(self.seen, SILENCE);
        let (Measured(measured), version) = match self.count(changed) {
            Ok(told) => told,
            Err(error) => {
                self.go_safe(Reason::Call(error));
                // The sensor restarts, so its versions start at 0 again.
                self.seen = 0;
                return Err(error);
            }
        };
        if version == self.seen {
            self.go_safe(Reason::Silence);
            return Ok(());
        }
        let had_begun = core::mem::replace(&mut self.seen, version) != 0;
        match measured {
            Ok(reading) => {
                self.say(Level::Info, format_args!("reading {reading}"));
                self.safe = None;
                self.regulate(reading);
                self.heard();
            }
            Err(NoReading::DropOut) => {
                self.say(Level::Warn, format_args!("drop-out"));
                self.heard();
            }
            // In this case the sensor has crashed and restarted while no thread waited in its process.
            Err(NoReading::NotYet) if had_begun => {
                self.go_safe(Reason::Call(CallError::ServerFaulted));
            }
            Err(NoReading::NotYet) => {}
        }
        Ok(())
    }

    fn regulate(&mut self, reading: Celsius) {
        let on = if self.fan_on { reading >= OFF_BELOW } else { reading > ON_ABOVE };
        if on != self.fan_on && self.switch_fan(on) {
            let state = if on { "on" } else { "off" };
            self.say(Level::Info, format_args!("fan {state} at {reading}"));
        }
    }

    fn go_safe(&mut self, reason: Reason) {
        if self.safe != Some(reason) {
            self.safe = Some(reason);
            self.say(Level::Error, format_args!("safe mode: {reason}"));
        }
        if !self.fan_on && self.switch_fan(true) {
            self.say(Level::Info, format_args!("fan on for safety"));
        }
    }

    /// Returns `true` if the fan was switched. If not, the next reading tries again.
    fn switch_fan(&mut self, on: bool) -> bool {
        match self.count(self.fan.set_power(on)) {
            Ok(()) => self.fan_on = on,
            Err(error) => self.say(Level::Error, format_args!("fan: {error}")),
        }
        self.fan_on == on
    }

    /// Counts a message of the sensor.
    fn heard(&mut self) {
        self.messages = self.messages.wrapping_add(1);
        if self.messages.is_multiple_of(STATISTICS_EVERY) {
            let Control { messages, calls, failed, .. } = *self;
            let text = format_args!("{messages} messages, {calls} calls, {failed} failed");
            self.say(Level::Info, text);
        }
    }

    fn say(&mut self, level: Level, text: fmt::Arguments<'_>) {
        let mut line = Line::new();
        // A line that is too long is cut off. A line that can't be logged is lost, but its call is counted.
        let _ = write!(line, "control: {text}");
        let _ = self.count(self.log.write(level, line.text()));
    }

    fn count<T>(&mut self, result: Result<T, CallError>) -> Result<T, CallError> {
        self.calls = self.calls.wrapping_add(1);
        self.failed = self.failed.wrapping_add(u32::from(result.is_err()));
        result
    }
}

#[cfg(test)]
mod tests;
