// SPDX-License-Identifier: MIT OR Apache-2.0
//! The service of a supervisor, for processes to which the wiring gives a `Handle<dyn Supervise>`, such as an
//! operator's shell.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// Restarts and stops processes. `process` is the index of the process in the wiring. Each method returns `true` if the
/// supervisor did it.
#[interface]
pub trait Supervise {
    /// Restarts a process.
    fn restart(&self, process: u8) -> bool;
    /// Stops a process. The supervisor then does not restart it after a crash, until a caller restarts it.
    fn stop(&self, process: u8) -> bool;
}
