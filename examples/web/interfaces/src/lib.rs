// SPDX-License-Identifier: MIT OR Apache-2.0
//! All that the page's process knows of those that it can crash, besides what they serve.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// A button that crashes a process.
#[interface]
pub trait CrashButton {
    /// Makes the process that serves it crash: it touches a device that is not its own.
    fn press(&self);
}
