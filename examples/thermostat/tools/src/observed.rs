// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that the demo has observed of the thermostat.

use crate::expected::{self, Event};
use crate::machine::Received;
use thermostat_interfaces::Celsius;

/// The serial line of the console.
pub const CONSOLE: usize = 0;
/// The serial line that the sensor reads.
pub const SENSOR: usize = 1;

/// The number of lines of the console that are kept for error messages.
const KEPT: usize = 12;

/// All that the thermostat has sent so far.
#[derive(Debug, Default)]
pub struct Observed {
    /// The events of readings and of the fan in the log.
    pub events: Vec<Event>,
    /// The minute and the temperature of each reading, and `true` if the fan was on then.
    pub readings: Vec<(usize, Celsius, bool)>,
    /// The number of messages from the thermometer's lines: readings and drop-outs.
    pub minutes: usize,
    /// The reasons why control went to safe mode.
    pub safe_modes: Vec<String>,
    /// True from a reason for safe mode to the next reading, which ends safe mode.
    pub is_in_safe_mode: bool,
    /// The fault records that the console printed.
    pub faults: Vec<String>,
    /// The minute of each fault.
    pub crashes: Vec<usize>,
    /// The commands that were sent to the fan.
    pub commands: Vec<String>,
    /// The numbers in control's last statistics line.
    pub calls: Calls,
    /// The number of lines that the sensor and the fan have logged. Each line is one call.
    pub lines_of_others: usize,
    /// The last lines of the console.
    pub last: Vec<String>,
}

/// The contents of control's statistics line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The number of messages from the sensor so far.
    pub messages: usize,
    /// The number of calls made so far.
    pub made: usize,
    /// The number of failed calls among them.
    pub failed: usize,
}

impl Observed {
    /// Takes a line. Returns the line if the user should see it.
    pub fn take(&mut self, line: Received) -> Option<String> {
        if line.port != CONSOLE {
            self.commands.push(line.text);
            return None;
        }
        if self.last.len() == KEPT {
            self.last.remove(0);
        }
        self.last.push(line.text.clone());
        self.console(&line.text).then_some(line.text)
    }

    /// Returns `true` if the last command switched the fan on.
    pub fn fan_is_on(&self) -> bool {
        self.commands.last().is_some_and(|command| command == "fan on")
    }

    /// Takes a line of the console: `[   12.345678] info  control: reading 23.4`.
    fn console(&mut self, line: &str) -> bool {
        let Some((kind, text)) =
            line.split_once("] ").and_then(|(_, rest)| rest.split_once(char::is_whitespace))
        else {
            return true;
        };
        let text = text.trim_start();
        if kind == "fault" {
            self.faults.push(text.to_owned());
            self.crashes.push(self.minutes);
            return true;
        }
        if !text.starts_with("control: ") {
            self.lines_of_others += 1;
            return false;
        }
        if let Some(reason) = text.strip_prefix("control: safe mode: ") {
            self.safe_modes.push(reason.to_owned());
            self.is_in_safe_mode = true;
            return true;
        }
        if let Some(calls) = statistics(text) {
            self.calls = calls;
            return false;
        }
        let Some(event) = expected::parse(text) else { return true };
        let worth_seeing = match event {
            Event::Reading(at) => {
                self.readings.push((self.minutes, at, self.fan_is_on()));
                self.minutes += 1;
                self.is_in_safe_mode = false;
                false
            }
            Event::DropOut => {
                self.minutes += 1;
                self.events.last() != Some(&Event::DropOut)
            }
            Event::Fan { .. } | Event::Safety => true,
        };
        self.events.push(event);
        worth_seeing
    }
}

/// `control: 60 messages, 122 calls, 0 failed`
fn statistics(text: &str) -> Option<Calls> {
    let mut parts = text.strip_prefix("control: ")?.split(", ");
    let mut number = |unit| parts.next()?.strip_suffix(unit)?.trim_end().parse().ok();
    Some(Calls { messages: number("messages")?, made: number("calls")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(lines: &[(usize, &str)]) -> (Observed, Vec<Option<String>>) {
        let mut observed = Observed::default();
        let shown = lines
            .iter()
            .map(|&(port, text)| observed.take(Received { port, text: text.to_owned() }))
            .collect();
        (observed, shown)
    }

    #[test]
    fn the_log_is_understood() {
        let (observed, shown) = observe(&[
            (CONSOLE, "[    1.000000] info  control: reading 25.1"),
            (2, "fan on"),
            (CONSOLE, "[    1.000100] info  fan: switched on"),
            (CONSOLE, "[    1.000200] info  control: fan on at 25.1"),
            (CONSOLE, "[    2.000000] warn  sensor: not a temperature"),
            (CONSOLE, "[    2.000100] warn  control: drop-out"),
            (CONSOLE, "[    3.000000] info  control: 60 messages, 127 calls, 1 failed"),
        ]);
        let at = Celsius(251);
        let events = [Event::Reading(at), Event::Fan { on: true, at }, Event::DropOut];
        assert_eq!(observed.events, events);
        assert_eq!(observed.readings, [(0, at, false)]);
        assert!(observed.fan_is_on());
        assert_eq!(observed.minutes, 2);
        assert_eq!(observed.lines_of_others, 2);
        assert_eq!(observed.calls, Calls { messages: 60, made: 127, failed: 1 });
        let shown: Vec<bool> = shown.iter().map(Option::is_some).collect();
        assert_eq!(shown, [false, false, false, true, false, true, false]);
    }

    #[test]
    fn faults_and_safe_mode_are_seen() {
        let (observed, shown) = observe(&[
            (CONSOLE, "[    0.900000] info  control: reading 25.1"),
            (CONSOLE, "[    1.000000] fault process sensor: panic at src/lib.rs:1"),
            (CONSOLE, "[    1.000100] error control: safe mode: the server faulted"),
        ]);
        assert_eq!((observed.is_in_safe_mode, &observed.crashes[..]), (true, &[1][..]));
        assert_eq!(observed.faults, ["process sensor: panic at src/lib.rs:1"]);
        assert_eq!(observed.safe_modes, ["the server faulted"]);
        assert!(shown[1..].iter().all(Option::is_some));
    }

    #[test]
    fn a_reading_ends_safe_mode() {
        let (observed, _) = observe(&[
            (CONSOLE, "[    1.000100] error control: safe mode: the server faulted"),
            (CONSOLE, "[    1.000200] info  control: fan on for safety"),
            (CONSOLE, "[    2.000000] info  control: reading 25.1"),
        ]);
        assert!(!observed.is_in_safe_mode && observed.safe_modes.len() == 1);
    }
}
