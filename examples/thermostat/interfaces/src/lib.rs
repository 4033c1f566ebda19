// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interfaces of the thermostat: all that its processes know of each other.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{Decoder, Encoder, Invalid, Shape, Wire, interface};

/// The interface of a fan.
#[interface]
pub trait Fan {
    /// Switches the fan on or off. If the fan is in this state already, nothing happens.
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

/// The last measurement of a thermometer. It is the value of a watch (`dyn Observer<Measured>`), so it has to fit into
/// one word.
///
/// ```
/// # use thermostat_interfaces::{Celsius, Measured, NoReading};
/// assert_ne!(Measured(Ok(Celsius(-5))), Measured(Err(NoReading::DropOut)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured(pub Result<Celsius, NoReading>);

// A temperature is a number of 16 bits. The other values are above this range.
const NOT_YET: i32 = 1 << 16;
const DROP_OUT: i32 = 1 << 17;

impl Wire for Measured {
    const SHAPE: Shape = i32::SHAPE;

    fn put(self, encoder: &mut Encoder) {
        match self.0 {
            Ok(Celsius(tenths)) => tenths.into(),
            Err(NoReading::NotYet) => NOT_YET,
            Err(NoReading::DropOut) => DROP_OUT,
        }
        .put(encoder);
    }

    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        match i32::take(decoder)? {
            NOT_YET => Ok(Measured(Err(NoReading::NotYet))),
            DROP_OUT => Ok(Measured(Err(NoReading::DropOut))),
            tenths => tenths.try_into().map(|it| Measured(Ok(Celsius(it)))).map_err(|_| Invalid),
        }
    }
}

/// The reason why there is no temperature.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReading {
    /// Nothing was measured since the start.
    NotYet,
    /// The last line from the thermometer was no temperature.
    DropOut,
}
