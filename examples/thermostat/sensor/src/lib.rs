// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sensor process. It reads a thermometer on a serial line, and publishes the last measurement.
//!
//! The thermometer sends a line for each reading, in decimal degrees such as `21.5`. Any other line is a drop-out,
//! except for the line `crash`. With this line the demo makes the process crash: the process then accesses the fan's
//! serial line, which it does not own.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod parser;

pub use parser::{Message, Parser};

use board::{UART2, Uart};
use crossgate::{Handle, Notification};
use crossgate_log::{Level, Log};
use crossgate_watch::Watch;
use embedded_io::{Read, ReadReady};
use thermostat_interfaces::{Measured, NoReading};

/// The service object: the last measurement of the thermometer, with room for one thread that waits for changes.
pub type Room = Watch<Measured, 1>;

/// Creates the object, with no measurement yet. The notification wakes the waiting thread.
#[must_use]
pub const fn room(changed: Notification) -> Room {
    Watch::new(Measured(Err(NoReading::NotYet)), [changed])
}

/// The main function of the process' thread. It reads bytes from the thermometer when `received` is signalled.
pub fn sampler(
    room: &'static Room,
    mut thermometer: impl Read + ReadReady,
    received: Notification,
    log: Handle<dyn Log>,
) -> ! {
    let mut parser = Parser::new();
    // If the log fails, there is no other place to say it.
    let hint = b"sensor: send a temperature such as 21.5 and a new line, or the line crash";
    let _ = log.write(Level::Info, hint);
    loop {
        while let Some(byte) = next(&mut thermometer) {
            match parser.push(byte) {
                Some(Message::Reading(reading)) => room.set(Measured(Ok(reading))),
                Some(Message::Garbage) => {
                    // If the log fails, there is no other place to report the drop-out.
                    let _ = log.write(Level::Warn, b"sensor: not a temperature");
                    room.set(Measured(Err(NoReading::DropOut)));
                }
                Some(Message::Crash) => Uart::new(UART2, 115_200).enable(),
                None => {}
            }
        }
        received.acknowledge();
        received.wait();
    }
}

/// Returns the next byte, if there is one.
fn next(thermometer: &mut (impl Read + ReadReady)) -> Option<u8> {
    let mut byte = [0];
    match thermometer.read_ready() {
        Ok(true) => thermometer.read(&mut byte).ok().map(|_| byte[0]),
        _ => None,
    }
}
