// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of Linux that the port uses.

pub mod files;
pub mod forward;
pub mod memory;
pub mod output;
pub mod program;
pub mod random;
pub mod signals;
pub mod terminal;
pub mod time;

use std::io::Error;

/// Returns a text with the purpose of a call of Linux, and with the last error.
pub fn failed(what: &str) -> String {
    format!("{what}: {}", Error::last_os_error())
}
