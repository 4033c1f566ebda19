// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux, as the port uses it.

pub mod cpu;
pub mod files;
pub mod keys;
pub mod memory;
pub mod output;
pub mod program;
pub mod signals;
pub mod terminal;
pub mod time;

use std::io::Error;

/// The last error of a call of Linux, and what it was for.
pub fn failed(what: &str) -> String {
    format!("{what}: {}", Error::last_os_error())
}
