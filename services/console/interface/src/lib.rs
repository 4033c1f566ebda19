// SPDX-License-Identifier: MIT OR Apache-2.0
//! The log interface. Processes use it to write lines to the console.
//!
//! A process to which the wiring gives a `Handle<dyn Log>` writes constant text directly. It formats any other text in
//! a [`Line`]:
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
//!
//! A [`Logger`] does the same with less code. The console has a level for each process. The logger remembers this
//! level, so it does not format lines that the console would discard.
//!
//! ```
//! # use crossgate::Handle;
//! # use crossgate_log::{Levels, Log, Logger};
//! fn measure(log: Handle<dyn Log>, levels: Handle<dyn Levels>, reading: u32) {
//!     let log = Logger::new(log, levels);
//!     crossgate_log::debug!(log, "reading {reading}");
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::sync::atomic::{AtomicU8, Ordering};
use crossgate::{CallError, Handle, Lease, LeaseBuf, LeaseMut, Wire, interface};

/// A place to write lines to.
#[interface]
pub trait Log {
    /// Writes one line: the name of the process that calls, and the text up to its first zero byte, 128 bytes at most.
    /// The console writes a dot for each character that is not printable ASCII, so a caller can't forge the lines of
    /// others.
    ///
    /// The text may begin with the name of the process and a colon. In this case the console does not write the name
    /// again.
    fn write(&self, level: Level, text: Lease<'_, [u8]>);
}

/// The interface to ask for the level of the caller's own process.
#[interface]
pub trait Levels {
    /// Returns the least urgent level that the log takes from the caller's process.
    fn level(&self) -> Level;
}

/// The interface of a process that sets the log levels of others.
#[interface]
pub trait SetLevels {
    /// Sets the level of a process: from now on the log takes only lines of this process that are at least as urgent as
    /// `level`. `process` is the index of the process in the wiring.
    fn set_level(&self, process: u8, level: Level);
    /// Returns the least urgent level that the log takes from this process.
    fn level_of(&self, process: u8) -> Level;
}

/// The interface to read earlier lines of all processes. It is for an operator's shell.
#[interface]
pub trait History {
    /// Copies a kept line, without its line break. `age` is the number of lines that were written after this line.
    /// Returns the length of the line; `None` if there is no such line.
    fn line(&self, age: u8, text: LeaseMut<'_, [u8]>) -> Option<u8>;
}

impl dyn History {
    /// The highest number of lines that a log keeps.
    pub const LINES: u8 = 8;
    /// The highest number of bytes of a line.
    pub const LONGEST: usize = 80;
}

/// The urgency of a line.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed and needs attention.
    Error,
    /// Something unusual happened and was handled.
    Warn,
    /// An action of the system.
    Info,
    /// Details for a developer.
    Debug,
}

impl Level {
    /// All levels, the most urgent first.
    pub const ALL: [Level; 4] = [Level::Error, Level::Warn, Level::Info, Level::Debug];

    /// The name of the level, padded to five letters.
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

/// A line of text that can be lent. Use [`write!`](core::write) to format it. Text beyond [`Line::CAPACITY`] is cut
/// off.
pub struct Line {
    bytes: LeaseBuf<{ Line::CAPACITY }>,
    length: usize,
}

impl Line {
    /// The highest number of bytes of a line.
    pub const CAPACITY: usize = 64;

    /// An empty line.
    #[must_use]
    pub fn new() -> Line {
        Line { bytes: LeaseBuf::new(), length: 0 }
    }

    /// Returns the text so far. If the text was cut off in the middle of a character, this character is left out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.length).unwrap_or(&[]);
        match str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&text[..error.valid_up_to()]).unwrap_or(""),
        }
    }

    /// Returns the whole buffer, which can be lent to [`Log::write`]: the text, and zero bytes after it.
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

/// A log, and the last known level that it takes.
///
/// The logger remembers the level. A line that is less urgent than this level costs only a comparison, and no call.
/// Before the logger formats any other line, it asks the console for the present level. So if the level is set to log
/// fewer lines, the new level takes effect with the next line. If the level is set to log more lines, the new level
/// takes effect after the next line that is written, or with [`refresh`](Self::refresh).
#[derive(Debug)]
pub struct Logger {
    log: Handle<dyn Log>,
    levels: Handle<dyn Levels>,
    /// The least urgent level that the console took when the logger last asked.
    least: AtomicU8,
}

impl Logger {
    /// Creates a logger from two handles of one console: its log, and its levels.
    #[must_use]
    pub const fn new(log: Handle<dyn Log>, levels: Handle<dyn Levels>) -> Logger {
        Logger { log, levels, least: AtomicU8::new(Level::Debug as u8) }
    }

    /// Asks the console for the level that it takes now. A process that logs only rarely should call this from time to
    /// time. Otherwise it does not notice that its level has changed.
    ///
    /// # Errors
    /// If the call fails. The logger then keeps the last known level.
    pub fn refresh(&self) -> Result<Level, CallError> {
        let least = self.levels.level()?;
        self.least.store(least as u8, Ordering::Relaxed);
        Ok(least)
    }

    /// Returns `true` if the console would write a line of this level; `false` if the console does not answer.
    #[inline]
    #[must_use]
    pub fn takes(&self, level: Level) -> bool {
        level as u8 <= self.least.load(Ordering::Relaxed) && self.is_wanted(level)
    }

    #[cold]
    fn is_wanted(&self, level: Level) -> bool {
        self.refresh().is_ok_and(|least| level <= least)
    }

    /// Writes a line, which the console may discard. [`log!`] asks first.
    #[cold]
    pub fn write(&self, level: Level, text: fmt::Arguments<'_>) {
        let mut buffer = LeaseBuf::<{ Line::CAPACITY }>::new();
        let mut line = buffer.writer();
        // Both results are ignored: text that does not fit is cut off, and the caller goes on even if the console
        // fails.
        let _ = fmt::Write::write_fmt(&mut line, text);
        let _ = self.log.write(level, line.text());
    }
}

/// Writes a line if the console takes its level: `log!(logger, Level::Info, "{n} readings")`. If the console does not
/// take the level, the arguments are not evaluated.
#[macro_export]
macro_rules! log {
    ($logger:expr, $level:expr, $($text:tt)+) => {{
        let (logger, level) = (&$logger, $level);
        if logger.takes(level) {
            logger.write(level, ::core::format_args!($($text)+));
        }
    }};
}

/// [`log!`] of [`Level::Error`].
#[macro_export]
macro_rules! error {
    ($logger:expr, $($text:tt)+) => { $crate::log!($logger, $crate::Level::Error, $($text)+) };
}

/// [`log!`] of [`Level::Warn`].
#[macro_export]
macro_rules! warn {
    ($logger:expr, $($text:tt)+) => { $crate::log!($logger, $crate::Level::Warn, $($text)+) };
}

/// [`log!`] of [`Level::Info`].
#[macro_export]
macro_rules! info {
    ($logger:expr, $($text:tt)+) => { $crate::log!($logger, $crate::Level::Info, $($text)+) };
}

/// [`log!`] of [`Level::Debug`].
#[macro_export]
macro_rules! debug {
    ($logger:expr, $($text:tt)+) => { $crate::log!($logger, $crate::Level::Debug, $($text)+) };
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
    fn a_line_is_a_text() {
        let mut line = Line::new();
        write!(line, "{:>63}é", "x").unwrap();
        assert_eq!(line.as_str().len(), 63, "half a character is none");
        assert_eq!(Line::new().as_str(), "");
    }

    struct Server(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

    impl Log for Server {
        fn write(&self, level: Level, text: Lease<'_, [u8]>) {
            let text: String = text.iter().take_while(|&it| it != 0).map(char::from).collect();
            self.0.lock().unwrap().push(format!("{} {text}", level.as_str()));
        }
    }
    /// The level that the log takes, and how often it was asked.
    struct Wanted(std::sync::Arc<[AtomicU8; 2]>);

    impl Levels for Wanted {
        fn level(&self) -> Level {
            self.0[1].fetch_add(1, Ordering::Relaxed);
            Level::ALL[usize::from(self.0[0].load(Ordering::Relaxed))]
        }
    }

    /// Counts how often a value is formatted.
    struct Counted<'a>(&'a core::cell::Cell<u32>);

    impl fmt::Display for Counted<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            formatter.write_str("it")
        }
    }

    #[test]
    fn what_is_not_taken_is_neither_formatted_nor_asked_about() {
        let lines = std::sync::Arc::default();
        let wanted = std::sync::Arc::new([AtomicU8::new(0), AtomicU8::new(0)]);
        let wiring = crossgate::testing::Wiring::new();
        let logger = Logger::new(
            wiring.serve(Server(std::sync::Arc::clone(&lines))),
            wiring.serve(Wanted(std::sync::Arc::clone(&wanted))),
        );
        let count = core::cell::Cell::new(0);
        let log_all = |wants: Level| {
            wanted[0].store(wants as u8, Ordering::Relaxed);
            wanted[1].store(0, Ordering::Relaxed);
            count.set(0);
            crate::error!(logger, "{}", Counted(&count));
            crate::warn!(logger, "{}", Counted(&count));
            crate::info!(logger, "{}", Counted(&count));
            crate::debug!(logger, "{}", Counted(&count));
            let lines: Vec<String> = std::mem::take(&mut *lines.lock().unwrap());
            (lines.len(), count.get(), wanted[1].load(Ordering::Relaxed))
        };
        wiring.run(|| {
            assert_eq!(log_all(Level::Debug), (4, 4, 4), "all of them, and it asks for each");
            assert_eq!(log_all(Level::Warn), (2, 2, 2), "it learns that less is wanted");
            assert_eq!(log_all(Level::Warn), (2, 2, 2), "and has not forgotten");
            assert_eq!(log_all(Level::Error), (1, 1, 1));
            assert_eq!(log_all(Level::Info), (3, 3, 3), "it learns that more is wanted");
            assert_eq!(log_all(Level::Error), (1, 1, 1));
            wanted[0].store(Level::Debug as u8, Ordering::Relaxed);
            crate::debug!(logger, "{}", Counted(&count));
            assert_eq!(count.get(), 1, "what is turned up is not known yet");
            assert_eq!(logger.refresh(), Ok(Level::Debug));
            crate::debug!(logger, "{} {:>99}", Counted(&count), "x");
            assert_eq!(lines.lock().unwrap()[..], [format!("debug it{}", " ".repeat(62))]);
        });
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let mut line = Line::new();
        write!(line, "{:>99}", "x").unwrap();
        write!(line, "y").unwrap();
        assert_eq!(line.text(), [b' '; Line::CAPACITY]);
    }
}
