//! The console: a process that owns a serial line, writes the log lines of all processes to it,
//! and tells of processes that crashed.
//!
//! ```ignore
//! process console {
//!     mmio board::UART0;
//!     faults FAULTED;
//!     notification FAULTED;
//!     object terminal: Concurrent<Console<Uart>> =
//!         Console::new(Uart::new(board::UART0, 115_200)) => [LOG: dyn Log];
//!     thread reporter (priority = 8, stack = 1024) =
//!         console::report(&terminal, &SYSTEM, FAULTED);
//! }
//! ```
//!
//! Clients depend on `crossgate-log` only. A line of the log and one of a fault:
//!
//! ```text
//! [    1.204817] info  control: reading 23.4
//! [   12.000342] fault process sensor: access to memory of others at 0x40006010
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod report;

pub use report::{describe, report};

use core::fmt;
use crossgate::Lent;
use crossgate::sync::Mutex;
use crossgate::time;
use crossgate_log::{Level, Log};
use embedded_io::Write;

/// The service object: the serial line, shared by the log and the [`report`] of faults.
pub struct Console<W> {
    line: Mutex<W>,
}

impl<W: Write> Console<W> {
    /// A console that writes to `line`.
    pub const fn new(line: W) -> Console<W> {
        Console { line: Mutex::new(line) }
    }

    /// Writes one line: the time since start in seconds, `kind`, and what `text` writes.
    fn write_line(&self, kind: &str, text: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
        let now = time::now().as_micros();
        let mut line = self.line.lock();
        let mut output = Output(&mut *line);
        // A line that can't be written is lost: there is nobody to tell.
        let _ = header(&mut output, now, kind)
            .and_then(|()| text(&mut output))
            .and_then(|()| fmt::Write::write_str(&mut output, "\r\n"));
    }
}

impl<W: Write + Send> Log for Console<W> {
    fn write(&self, level: Level, text: Lent<'_, [u8]>) {
        self.write_line(level.as_str(), |output| {
            text.iter()
                .take_while(|&byte| byte != 0)
                .try_for_each(|byte| output.write_char(printable(byte)))
        });
    }
}

fn header(output: &mut dyn fmt::Write, microseconds: u64, kind: &str) -> fmt::Result {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    write!(output, "[{seconds:5}.{fraction:06}] {kind} ")
}

fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }
}

/// Formatted text onto a serial line.
struct Output<'a, W>(&'a mut W);

impl<W: Write> fmt::Write for Output<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::{Handle, host};
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Wire(Arc<Mutex<Vec<u8>>>);

    impl embedded_io::ErrorType for Wire {
        type Error = Infallible;
    }

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    fn written(level: Level, text: &'static [u8]) -> String {
        let wire = Wire::default();
        let log: Handle<dyn Log> = host::serve(Console::new(wire.clone()));
        log.write(level, text).unwrap();
        let bytes = std::mem::take(&mut *wire.0.lock().unwrap());
        let line = String::from_utf8(bytes).unwrap();
        line.split_once("] ").unwrap().1.to_owned()
    }

    #[test]
    fn a_line_has_level_and_text() {
        assert_eq!(written(Level::Info, b"control: on"), "info  control: on\r\n");
        assert_eq!(written(Level::Error, b""), "error \r\n");
    }

    #[test]
    fn the_text_ends_at_a_zero_byte() {
        assert_eq!(written(Level::Debug, b"a\0b\0\0"), "debug a\r\n");
    }

    #[test]
    fn lines_cannot_be_forged() {
        assert_eq!(written(Level::Warn, b"a\r\n\x1b[2J\xff"), "warn  a...[2J.\r\n");
    }

    #[test]
    fn the_time_is_in_seconds() {
        let mut text = String::new();
        header(&mut text, 12_000_345, "info ").unwrap();
        assert_eq!(text, "[   12.000345] info  ");
    }
}
