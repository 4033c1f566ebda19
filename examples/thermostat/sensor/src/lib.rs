//! The sensor process: reads a thermometer on a serial line and publishes the last temperature.
//!
//! The thermometer sends a line for each reading, in decimal degrees such as `21.5`. Anything
//! else is a drop-out, except for `crash`: it makes the process crash in the next call of
//! [`Temperature::get`], by touching the fan's serial line, which is not its own. This is the
//! demo's fault button.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod parser;

pub use parser::{Message, Parser};

use board::{UART2, Uart};
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use crossgate::{Handle, Notification, Signal};
use crossgate_log::{Level, Log};
use embedded_io::{Read, ReadReady};
use thermostat_interfaces::{Celsius, NoReading, Temperature};

/// Stands in [`Sensor::last`] for [`NoReading::NotYet`]; no temperature is so low.
const NOT_YET: i32 = i32::MIN;
/// Stands in [`Sensor::last`] for [`NoReading::DropOut`].
const DROP_OUT: i32 = i32::MAX;

/// The service object: what the thermometer said last.
pub struct Sensor {
    last: AtomicI32,
    crash: AtomicBool,
}

impl Sensor {
    /// A sensor without a reading yet.
    #[must_use]
    pub const fn new() -> Sensor {
        Sensor { last: AtomicI32::new(NOT_YET), crash: AtomicBool::new(false) }
    }

    /// Takes what the thermometer said.
    fn update(&self, message: Message) {
        match message {
            Message::Reading(Celsius(tenths)) => self.last.store(tenths.into(), Relaxed),
            Message::Garbage => self.last.store(DROP_OUT, Relaxed),
            Message::Crash => self.crash.store(true, Relaxed),
        }
    }
}

impl Default for Sensor {
    fn default() -> Sensor {
        Sensor::new()
    }
}

impl Temperature for Sensor {
    fn get(&self) -> Result<Celsius, NoReading> {
        if self.crash.load(Relaxed) {
            Uart::new(UART2, 115_200).enable();
        }
        match self.last.load(Relaxed) {
            NOT_YET => Err(NoReading::NotYet),
            tenths => tenths.try_into().map(Celsius).map_err(|_| NoReading::DropOut),
        }
    }
}

/// The process' thread: takes bytes from the thermometer when `received` tells of them, and
/// signals `news` after each message.
pub fn sampler(
    sensor: &'static Sensor,
    mut thermometer: impl Read + ReadReady,
    received: Notification,
    news: Signal,
    log: Handle<dyn Log>,
) -> ! {
    let mut parser = Parser::new();
    loop {
        while let Some(byte) = next(&mut thermometer) {
            if let Some(message) = parser.push(byte) {
                sensor.update(message);
                if message == Message::Garbage {
                    // Without a log there is nobody to tell.
                    let _ = log.write(Level::Warn, b"sensor: not a temperature");
                }
                // By its name in the wiring this process has the right to signal it.
                let _ = news.signal();
            }
        }
        received.acknowledge();
        received.wait();
    }
}

/// The next byte, if there is one.
fn next(thermometer: &mut (impl Read + ReadReady)) -> Option<u8> {
    let mut byte = [0];
    match thermometer.read_ready() {
        Ok(true) => thermometer.read(&mut byte).ok().map(|_| byte[0]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_counts() {
        let sensor = Sensor::new();
        assert_eq!(sensor.get(), Err(NoReading::NotYet));
        sensor.update(Message::Reading(Celsius(-5)));
        assert_eq!(sensor.get(), Ok(Celsius(-5)));
        sensor.update(Message::Garbage);
        assert_eq!(sensor.get(), Err(NoReading::DropOut));
        sensor.update(Message::Reading(Celsius(0)));
        assert_eq!(sensor.get(), Ok(Celsius(0)));
    }
}
