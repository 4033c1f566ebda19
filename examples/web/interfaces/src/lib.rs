// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface of the crash buttons, between the page's process and the processes that it can crash.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// A button that crashes a process.
#[interface]
pub trait CrashButton {
    /// Makes the process that serves this interface crash: it accesses a device that it does not own.
    fn press(&self);
}
