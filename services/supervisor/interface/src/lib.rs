// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a supervisor does for those to whom the wiring gives a `Handle<dyn Supervise>`: an operator's shell.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;

/// Decides about processes, which are numbers in the order of the wiring. Each method tells whether it was done.
#[interface]
pub trait Supervise {
    /// Has a process begin anew.
    fn restart(&self, process: u8) -> bool;
    /// Stops a process. The supervisor does not restart it for a crash of its own, until somebody has it restarted.
    fn stop(&self, process: u8) -> bool;
}
