// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux, as the port uses it.

pub mod cpu;
pub mod files;
pub mod forward;
pub mod keys;
pub mod memory;
pub mod output;
pub mod program;
pub mod random;
pub mod signals;
pub mod terminal;
pub mod time;

use std::io::Error;

/// Returns the text of the last error of a call of Linux, and its purpose.
pub fn failed(what: &str) -> String {
    format!("{what}: {}", Error::last_os_error())
}
