// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the hosted port. There is one file for each device, with the constants that its driver and the port
//! share.
//!
//! A device has registers, which are read and written by the system calls
//! [`DEVICE_READ`](crate::number::hosted::DEVICE_READ) and [`DEVICE_WRITE`](crate::number::hosted::DEVICE_WRITE). A
//! process that has the range of a device in the wiring may make these system calls for it. There is no memory at the
//! addresses of the range. Times are in µs, and rates in bits per second. An interrupt stays raised until its cause has
//! gone.

pub mod adc;
pub mod ethernet;
pub mod flash;
pub mod i2c;
pub mod lamps;
pub mod pwm;
pub mod rtc;
pub mod serial;
pub mod timer;
pub mod trng;
pub mod watchdog;

use crate::table::Mmio;

const fn mmio(index: usize) -> Mmio {
    Mmio { start: 0x1000 + index * 0x100, size: 0x100 }
}

/// The number of interrupt lines. Each line belongs to one device.
pub const LINES: u16 = 6;
