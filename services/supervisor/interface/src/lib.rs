// SPDX-License-Identifier: MIT OR Apache-2.0
//! The service of a supervisor, for processes to which the wiring gives a `Handle<dyn Supervise>`, such as an
//! operator's shell.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// Restarts and stops processes, which are given by their index in the wiring. Each method returns `true` if the
/// supervisor has done it.
#[interface]
pub trait Supervise {
    /// Restarts a process.
    fn restart(&self, process: u8) -> bool;
    /// Stops a process. The supervisor does not restart it for a crash of its own, until a caller restarts it.
    fn stop(&self, process: u8) -> bool;
}
