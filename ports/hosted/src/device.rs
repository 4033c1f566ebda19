// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices: the hardware that a board has around its CPU.
//!
//! Drivers read and write the registers of devices by system calls. So a driver is code of a process, as on any board,
//! and the wiring says which process may use which device. The code of the devices runs inside the kernel. Each device
//! gets the present time, and tells the time of its next event.
//!
//! A new device needs four parts: its registers and its interrupt line in `abi/src/hosted`, its behaviour in a file
//! here, its place in [`bus`], and its driver in `boards/hosted`. If every board has such a device, also add it to
//! `boards/contract`. An option of the program for the device is in `options`, and the test of the device is in
//! `tests/hosted`.

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
    /// Reads a register. A register that does not exist has the value 0.
    fn read(&mut self, register: Word, now: u64) -> Word;
    /// Writes a register, if it exists.
    fn write(&mut self, register: Word, value: Word, now: u64);
    /// Handles the events that are due.
    fn advance(&mut self, now: u64);
    /// Returns the time of the next event, as far as it is known.
    fn next(&self) -> u64;
    /// Returns whether the device's interrupt is raised.
    fn is_raised(&self) -> bool;
    /// If the device resets the system, returns the reason.
    fn resets(&self) -> Option<&'static str> {
        None
    }
    /// Writes data for the host that the device still has in its buffer.
    fn flush(&mut self) {}
    /// Returns whether all data of the standard input has been received.
    fn input_has_ended(&self) -> bool {
        false
    }
}
