//! What the processes of the thermostat know of each other: nothing but this.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{Wire, interface};

/// A thermometer.
#[interface]
pub trait Temperature {
    /// The last reading.
    fn get(&self) -> Result<Celsius, NoReading>;
}

/// Something that cools.
#[interface]
pub trait Fan {
    /// Switches it on or off; nothing happens if it is already.
    fn set_power(&mut self, on: bool);
}

/// A temperature in tenths of a degree Celsius.
///
/// ```
/// assert_eq!(thermostat_interfaces::Celsius(-5).to_string(), "-0.5");
/// ```
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Celsius(pub i16);

impl fmt::Display for Celsius {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let tenths = self.0.unsigned_abs();
        write!(formatter, "{sign}{}.{}", tenths / 10, tenths % 10)
    }
}

/// Why there is no temperature to tell.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReading {
    /// Nothing was measured since the start.
    NotYet,
    /// What came last from the thermometer was no temperature.
    DropOut,
}
