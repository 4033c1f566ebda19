// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices: the hardware that a board has around its CPU.
//!
//! System calls read and write their registers, so a driver is code of a process as on any board, and the wiring says
//! which process may use which device. All of this code runs inside the kernel: a device knows the time, and the time
//! of its next event.
//!
//! A device is in four places: its registers and its line in `abi/src/hosted`, its behaviour in a file here, its place
//! in [`bus`], and its driver in `boards/hosted`; if every board has such a device, also in `boards/contract`. An
//! option of the program for it is in `options`, and its test in `tests/hosted`.

pub mod analog;
pub mod bus;
pub mod ethernet;
pub mod flash;
pub mod i2c;
pub mod lamps;
pub mod rtc;
pub mod screen;
pub mod serial;
pub mod timer;
pub mod trng;
pub mod watchdog;

use crossgate_abi::Word;

/// A device. Times are in µs since start.
pub trait Device {
    /// Reads a register; the value of one that does not exist is 0.
    fn read(&mut self, register: Word, now: u64) -> Word;
    /// Writes a register, if it exists.
    fn write(&mut self, register: Word, value: Word, now: u64);
    /// Handles the events that are due.
    fn advance(&mut self, now: u64);
    /// Returns the time of the next event, as far as it is known.
    fn next(&self) -> u64;
    /// Returns whether its interrupt is raised.
    fn is_raised(&self) -> bool;
    /// Returns why it resets the system, if it does.
    fn resets(&self) -> Option<&'static str> {
        None
    }
    /// Writes out data for the host that the device still keeps.
    fn flush(&mut self) {}
    /// Returns whether all data of the standard input has been received.
    fn input_has_ended(&self) -> bool {
        false
    }
}
