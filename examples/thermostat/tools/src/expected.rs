// SPDX-License-Identifier: MIT OR Apache-2.0
//! The events of the thermostat: the events that the recording requires, and the events that the log shows.

use crate::recording;
use control::{OFF_BELOW, ON_ABOVE};
use thermostat_interfaces::Celsius;

/// An event in the thermostat's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A temperature has arrived.
    Reading(Celsius),
    /// A line that is not a temperature has arrived.
    DropOut,
    /// The fan was switched.
    Fan {
        /// On or off.
        on: bool,
        /// The reading that caused the change.
        at: Celsius,
    },
    /// The fan was switched on because the sensor has crashed.
    Safety,
}

impl Event {
    /// Returns the command to the fan, if the event has one.
    pub fn command(&self) -> Option<&'static str> {
        match self {
            Event::Reading(_) | Event::DropOut => None,
            Event::Fan { on: false, .. } => Some("fan off"),
            Event::Fan { on: true, .. } | Event::Safety => Some("fan on"),
        }
    }
}

/// Returns the expected events if these lines are recorded, and the sensor crashes before line `crash`.
pub fn events(lines: &[Vec<u8>], crash: Option<usize>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut fan = false;
    for (index, line) in lines.iter().enumerate() {
        if crash == Some(index) && !fan {
            fan = true;
            events.push(Event::Safety);
        }
        let Some(at) = recording::temperature(line) else {
            events.push(Event::DropOut);
            continue;
        };
        events.push(Event::Reading(at));
        let too_warm = at > ON_ABOVE && !fan;
        let cool_again = at < OFF_BELOW && fan;
        if too_warm || cool_again {
            fan = !fan;
            events.push(Event::Fan { on: fan, at });
        }
    }
    events
}

/// Returns the event of a line of control's log, without time and level.
pub fn parse(text: &str) -> Option<Event> {
    let text = text.strip_prefix("control: ")?;
    match text {
        "drop-out" => return Some(Event::DropOut),
        "fan on for safety" => return Some(Event::Safety),
        _ => {}
    }
    if let Some(at) = text.strip_prefix("reading ") {
        return Some(Event::Reading(celsius(at)?));
    }
    let (on, at) = text.strip_prefix("fan ")?.split_once(" at ")?;
    Some(Event::Fan { on: on == "on", at: celsius(at)? })
}

fn celsius(text: &str) -> Option<Celsius> {
    let degrees: f64 = text.parse().ok()?;
    Some(Celsius((degrees * 10.0).round() as i16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fan_follows_the_recording() {
        let lines = ["24.9", "25.0", "25.1", "\u{7f}", "24.0", "23.9"]
            .map(|line| format!("{line}\n").into_bytes());
        let reading = |tenths| Event::Reading(Celsius(tenths));
        let expected = [
            reading(249),
            reading(250),
            reading(251),
            Event::Fan { on: true, at: Celsius(251) },
            Event::DropOut,
            reading(240),
            reading(239),
            Event::Fan { on: false, at: Celsius(239) },
        ];
        assert_eq!(events(&lines, None), expected);
    }

    #[test]
    fn the_log_says_the_same() {
        let at = Celsius(-5);
        for (text, event) in [
            ("control: reading -0.5", Some(Event::Reading(at))),
            ("control: drop-out", Some(Event::DropOut)),
            ("control: fan on at -0.5", Some(Event::Fan { on: true, at })),
            ("control: fan off at -0.5", Some(Event::Fan { on: false, at })),
            ("control: fan on for safety", Some(Event::Safety)),
            ("sensor: reading 1.0", None),
        ] {
            assert_eq!(parse(text), event, "{text}");
        }
    }

    #[test]
    fn the_recorded_day_switches_the_fan_several_times() {
        let lines = recording::read().unwrap();
        let switches =
            events(&lines, None).iter().filter(|e| matches!(e, Event::Fan { .. })).count();
        assert!(switches >= 6 && switches % 2 == 0, "{switches}");
    }
}
