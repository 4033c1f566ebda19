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
//! Clients depend on `crossgate-log` only. Each line of the log begins with the name of the process that
//! wrote it, as the kernel knows it; what a process says is cut off after [`LONGEST`] characters, and what is
//! not printable comes out as a dot, in the log as in the name of the file of a panic. So no process can
//! forge a line of another, or keep the console busy. A line of the log and one of a fault:
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
use crossgate::sync::Mutex;
use crossgate::{Lent, server, time};
use crossgate_abi::table::System;
use crossgate_log::{Level, Log};
use embedded_io::Write;

/// How many characters of what a process says are written.
pub const LONGEST: usize = 128;

/// The service object: the serial line, shared by the log and the [`report`] of faults.
pub struct Console<W> {
    line: Mutex<W>,
    /// What the processes are called, as soon as [`report`] has told.
    system: Mutex<Option<&'static System>>,
}

impl<W: Write> Console<W> {
    /// A console that writes to `line`.
    pub const fn new(line: W) -> Console<W> {
        Console { line: Mutex::new(line), system: Mutex::new(None) }
    }

    /// Writes one line: the time since start in seconds, `kind`, and what `text` writes.
    fn write_line(&self, kind: &str, text: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
        let now = time::now().as_micros();
        let mut line = self.line.lock();
        let mut output = Output(&mut *line);
        // A line that can't be written is lost: there is nobody to tell.
        let _ = header(&mut output, now, kind).and_then(|()| text(&mut output));
        let _ = line.write_all(b"\r\n");
    }
}

impl<W: Write + Send> Log for Console<W> {
    fn write(&self, level: Level, text: Lent<'_, [u8]>) {
        let caller = server::caller();
        let system = *self.system.lock();
        let process = caller.and_then(|caller| system?.processes.get(usize::from(caller)));
        self.write_line(level.as_str(), |output| {
            // The name is never that in the text: the client may change lent memory after it was looked at.
            let said = match process {
                Some(process) => {
                    write!(output, "{}: ", process.name)?;
                    // By a convention the text may begin with the name.
                    if begins_with(&text, process.name) {
                        process.name.len() + ": ".len()
                    } else {
                        0
                    }
                }
                None => {
                    write!(output, "process {}: ", caller.unwrap_or(u8::MAX))?;
                    0
                }
            };
            text.iter()
                .skip(said)
                .take(LONGEST)
                .take_while(|&byte| byte != 0)
                .try_for_each(|byte| output.write_char(printable(byte)))
        });
    }
}

/// Whether a text begins with a name and a colon.
fn begins_with(text: &Lent<'_, [u8]>, name: &str) -> bool {
    let mut text = text.iter();
    name.bytes().chain(*b": ").all(|byte| text.next() == Some(byte))
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

/// Formatted text onto a serial line, one character a byte.
struct Output<'a, W>(&'a mut W);

impl<W: Write> fmt::Write for Output<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let byte = u8::try_from(character).unwrap_or(0);
            self.0.write_all(&[printable(byte) as u8]).map_err(|_| fmt::Error)?;
        }
        Ok(())
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
        written_by(1, level, text)
    }

    fn written_by(process: usize, level: Level, text: &'static [u8]) -> String {
        let wire = Wire::default();
        let console = Console::new(wire.clone());
        *console.system.lock() = Some(&report::tests::SYSTEM);
        let log: Handle<dyn Log> = host::serve(console);
        host::run_as(process);
        log.write(level, text).unwrap();
        let bytes = std::mem::take(&mut *wire.0.lock().unwrap());
        let line = String::from_utf8(bytes).unwrap();
        line.split_once("] ").unwrap().1.to_owned()
    }

    #[test]
    fn a_line_has_level_and_text() {
        assert_eq!(written(Level::Info, b"control: on"), "info  control: on\r\n");
        assert_eq!(written(Level::Error, b""), "error control: \r\n");
    }

    #[test]
    fn the_text_ends_at_a_zero_byte() {
        assert_eq!(written(Level::Debug, b"a\0b\0\0"), "debug control: a\r\n");
    }

    #[test]
    fn lines_cannot_be_forged() {
        assert_eq!(written(Level::Warn, b"a\r\n\x1b[2J\xff"), "warn  control: a...[2J.\r\n");
        let others = "info  sensor: control: on\r\n";
        assert_eq!(written_by(0, Level::Info, b"control: on"), others);
        assert_eq!(written(Level::Info, b"controller: on"), "info  control: controller: on\r\n");
        assert_eq!(written_by(9, Level::Info, b"control: on"), "info  process 9: control: on\r\n");
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let line = written(Level::Info, &[b'x'; 4 * LONGEST]);
        assert_eq!(line, format!("info  control: {}\r\n", "x".repeat(LONGEST)));
    }

    #[test]
    fn what_is_formatted_forges_no_lines_either() {
        let wire = Wire::default();
        Console::new(wire.clone()).write_line("fault", |output| output.write_str("é\r\nx\u{85}y"));
        let bytes = wire.0.lock().unwrap();
        assert!(bytes.ends_with(b"fault ...x.y\r\n"), "{bytes:?}");
    }

    #[test]
    fn the_time_is_in_seconds() {
        let mut text = String::new();
        header(&mut text, 12_000_345, "info ").unwrap();
        assert_eq!(text, "[   12.000345] info  ");
    }
}
