//! The control process: switches the fan by the temperature, and knows only interfaces.
//!
//! The fan goes on above [`ON_ABOVE`] and off below [`OFF_BELOW`]. If the sensor's process
//! crashes, or nothing is heard of it for [`SILENCE`], the thermostat goes to *safe mode*: the fan
//! is on until there is a reading again. Each reading and each switching of the fan is logged:
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
use crossgate::{CallError, Handle, Notification};
use crossgate_log::{Level, Line, Log};
use thermostat_interfaces::{Celsius, Fan, NoReading, Temperature};

/// Above this temperature the fan is switched on.
pub const ON_ABOVE: Celsius = Celsius(250);
/// Below this temperature the fan is switched off.
pub const OFF_BELOW: Celsius = Celsius(240);
/// How long the sensor may be silent. It has a reading a minute.
pub const SILENCE: Duration = Duration::from_secs(150);
/// After how many messages of the sensor the number of calls is logged.
pub const STATISTICS_EVERY: u32 = 60;

/// How often a sensor that has crashed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The process' thread: a [`Control::step`] whenever `news` tells that the sensor has something.
pub fn main(
    sensor: Handle<dyn Temperature>,
    fan: Handle<dyn Fan>,
    log: Handle<dyn Log>,
    news: Notification,
) -> ! {
    let mut control = Control::new(sensor, fan, log);
    loop {
        match news.wait_timeout(control.patience()) {
            Ok(()) => control.step(),
            Err(_) => control.timed_out(),
        }
    }
}

/// What the thermostat knows.
pub struct Control {
    sensor: Handle<dyn Temperature>,
    fan: Handle<dyn Fan>,
    log: Handle<dyn Log>,
    fan_on: bool,
    safe: Option<Reason>,
    messages: u32,
    calls: u32,
    failed: u32,
}

/// Why the thermostat is in safe mode.
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
    /// A thermostat that has switched nothing yet.
    #[must_use]
    pub fn new(
        sensor: Handle<dyn Temperature>,
        fan: Handle<dyn Fan>,
        log: Handle<dyn Log>,
    ) -> Control {
        Control { sensor, fan, log, fan_on: false, safe: None, messages: 0, calls: 0, failed: 0 }
    }

    /// Asks the sensor and acts on the answer.
    pub fn step(&mut self) {
        match self.count(self.sensor.get()) {
            Ok(Ok(reading)) => {
                self.say(Level::Info, format_args!("reading {reading}"));
                self.safe = None;
                self.regulate(reading);
                self.heard();
            }
            Ok(Err(NoReading::DropOut)) => {
                self.say(Level::Warn, format_args!("drop-out"));
                self.heard();
            }
            Ok(Err(NoReading::NotYet)) => {}
            Err(error) => self.go_safe(Reason::Call(error)),
        }
    }

    /// Acts on having waited for [`patience`](Control::patience) in vain.
    pub fn timed_out(&mut self) {
        match self.safe {
            Some(Reason::Call(_)) => self.step(),
            Some(Reason::Silence) | None => self.go_safe(Reason::Silence),
        }
    }

    /// How long to wait for news of the sensor.
    #[must_use]
    pub fn patience(&self) -> Duration {
        match self.safe {
            Some(Reason::Call(_)) => RETRY,
            Some(Reason::Silence) | None => SILENCE,
        }
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

    /// Tells whether it worked. If not, the next reading tries again.
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
        // A line too long is cut off; one that can't be logged is lost, but counted.
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
