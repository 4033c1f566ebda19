//! What the port wants of Linux.
//!
//! | file | what |
//! |---|---|
//! | `memory` | the address space: what is mapped, and what of it is open |
//! | `keys` | protection keys |
//! | `signals` | which signals there are, and how Linux comes to handle them |
//! | `time` | the host's clock and its timers |
//! | `files` | files, and the standard input and output |
//! | `terminal` | terminals: that of the standard input, and new ones |
//! | `output` | what is told on the standard error |
//! | `cpu` | what the CPU can do |
//! | `program` | what the loader made of the program, and its end |

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
