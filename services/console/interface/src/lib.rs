//! The log interface: how processes write lines to the console.
//!
//! A process that gets a `Handle<dyn Log>` by the wiring writes a constant as it is, and puts
//! anything else together in a [`Line`]:
//!
//! ```
//! use core::fmt::Write;
//! use crossgate::{CallError, Handle};
//! use crossgate_log::{Level, Line, Log};
//!
//! fn greet(log: Handle<dyn Log>, count: u32) -> Result<(), CallError> {
//!     log.write(Level::Info, b"greeter: hello")?;
//!     let mut line = Line::new();
//!     let _ = write!(line, "greeter: {count} greetings");
//!     log.write(Level::Info, line.text())
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{LendBuf, Lent, Wire, interface};

/// A place to write lines to.
#[interface]
pub trait Log {
    /// Writes one line: the name of the process that calls, and the text up to its first zero byte, 128 bytes
    /// at most. What isn't printable ASCII comes out as a dot, so a caller can't forge the lines of others.
    ///
    /// By convention the text begins with the name of the process that writes it and a colon; then the
    /// name is not written twice.
    fn write(&self, level: Level, text: Lent<'_, [u8]>);
}

/// How much a line matters.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed, and somebody should see to it.
    Error,
    /// Something unusual that was dealt with.
    Warn,
    /// What the system does.
    Info,
    /// Details for a developer.
    Debug,
}

impl Level {
    /// Its name as a word of five letters, padded.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn ",
            Level::Info => "info ",
            Level::Debug => "debug",
        }
    }
}

/// A line of text that can be lent, to be put together with [`write!`](core::write). What goes
/// beyond [`Line::CAPACITY`] is cut off.
pub struct Line {
    bytes: LendBuf<{ Line::CAPACITY }>,
    length: usize,
}

impl Line {
    /// How many bytes a line can be.
    pub const CAPACITY: usize = 64;

    /// An empty line.
    #[must_use]
    pub fn new() -> Line {
        Line { bytes: LendBuf::new(), length: 0 }
    }

    /// The text, to be lent to [`Log::write`]. The rest of the buffer is zero bytes.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.bytes[..]
    }
}

impl Default for Line {
    fn default() -> Line {
        Line::new()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (place, &byte) in self.bytes[self.length..].iter_mut().zip(text.as_bytes()) {
            *place = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn a_line_is_text_then_zeroes() {
        let mut line = Line::new();
        write!(line, "{} and {}", 1, 2).unwrap();
        assert_eq!(&line.text()[..10], b"1 and 2\0\0\0");
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let mut line = Line::new();
        write!(line, "{:>99}", "x").unwrap();
        write!(line, "y").unwrap();
        assert_eq!(line.text(), [b' '; Line::CAPACITY]);
    }
}
