// SPDX-License-Identifier: MIT OR Apache-2.0
//! All that the page's process knows of the sensor's, besides the temperature.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// The button that crashes the sensor.
#[interface]
pub trait CrashButton {
    /// Makes the process that serves it crash: it touches a device that is not its own.
    fn press(&self);
}
