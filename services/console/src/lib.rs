// SPDX-License-Identifier: MIT OR Apache-2.0
//! The console: a process that owns a serial line, writes the log lines of all processes to it, and reports crashes.
//!
//! ```ignore
//! process console {
//!     mmio board::UART0;
//!     supervisor FAULTED;
//!     notification FAULTED;
//!     object terminal (stack = 512): Concurrent<Console<Uart>> =
//!         Console::new(Uart::new(board::UART0, 115_200)) => [LOG: dyn Log];
//!     thread reporter (priority = 8, stack = 1024) =
//!         console::report(&terminal, &SYSTEM, FAULTED);
//! }
//! ```
//!
//! With `[LOG: dyn Log, LEVELS: dyn Levels]`, the clients format only lines that the console takes. With `SET_LEVELS:
//! dyn SetLevels`, a client can change the levels at run time. With `HISTORY: dyn History`, a client can read the last
//! lines. The console can write to several outputs ([`Both`]). One of them may be memory that keeps its contents over a
//! restart ([`Past`]).
//!
//! The driver of the output runs on the stack of the caller. The default of 256 bytes is enough for a driver that
//! writes registers; with a [`Past`] the object needs `(stack = 768)`. If the wiring declares a smaller stack, a caller
//! that has little stack left can crash the console.
//!
//! Clients depend on `crossgate-log` only. Each line of the log begins with the name of the process that wrote it. The
//! console gets this name from the kernel. It cuts off the text of a process after [`LONGEST`] characters. It writes a
//! dot for each character that is not printable, both in the log and in the file name of a panic. So no process can
//! forge a line of another process, or block the console with endless text. Here is a line of the log, and after it a
//! line about a fault:
//!
//! ```text
//! [    1.204817] info  control: reading 23.4
//! [   12.000342] fault process sensor: access to memory of others at 0x40006010
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod past;
mod report;
mod sink;

pub use past::Past;
pub use report::{describe, report};
pub use sink::Both;

use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicU8, Ordering};
use crossgate::sync::Mutex;
use crossgate::{Lease, LeaseMut, server, time};
use crossgate_abi::MAX_PROCESSES;
use crossgate_abi::table::System;
use crossgate_log::{History, Level, Levels, Log, SetLevels};
use embedded_io::Write;

/// The largest number of characters that the console writes of one text.
pub const LONGEST: usize = 128;

/// The service object: the serial line, shared by the log and the [`report`] of faults.
pub struct Console<W> {
    line: Mutex<W>,
    /// The wiring, which has the names of the processes. [`report`] sets it.
    system: Mutex<Option<&'static System>>,
    settings: Settings,
    /// The levels that clients have set since the start.
    decided: [AtomicU8; MAX_PROCESSES],
}

/// The number of bytes that the console copies and checks at a time.
const PART: usize = 16;

/// No level.
const UNDECIDED: u8 = u8::MAX;

/// The settings of a console.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The levels of processes, by name. The console takes a line of such a process only if the line is at least as
    /// urgent as its level. It takes every line of all other processes. (The levels have no effect before [`report`]
    /// has set the names.)
    pub levels: &'static [(&'static str, Level)],
    /// `true` if the console also shows the levels by colours, for a terminal.
    pub colour: bool,
}

impl Settings {
    /// Settings that take all lines, without colours.
    pub const DEFAULT: Settings = Settings { levels: &[], colour: false };
}

impl<W: Write> Console<W> {
    /// A console that writes to `line` everything that processes log, without colours.
    pub const fn new(line: W) -> Console<W> {
        Console::with_settings(line, Settings::DEFAULT)
    }

    /// A console with other settings.
    pub const fn with_settings(line: W, settings: Settings) -> Console<W> {
        Console {
            line: Mutex::new(line),
            system: Mutex::new(None),
            settings,
            decided: [const { AtomicU8::new(UNDECIDED) }; MAX_PROCESSES],
        }
    }

    /// Returns the least urgent level that the console takes from a process.
    fn level_of(&self, process: Option<u8>) -> Level {
        let Some(process) = process.map(usize::from) else { return Level::Debug };
        let decided = self.decided.get(process).map_or(UNDECIDED, |it| it.load(Ordering::Relaxed));
        if let Some(&level) = Level::ALL.get(usize::from(decided)) {
            return level;
        }
        let system = *self.system.lock();
        let name = system.and_then(|system| system.processes.get(process)).map(|it| it.name);
        let wired = self.settings.levels.iter().find(|(wired, _)| Some(*wired) == name);
        wired.map_or(Level::Debug, |&(_, level)| level)
    }

    /// Writes one line: the time since start in seconds, `kind`, and what `text` writes.
    fn write_line(&self, kind: &str, text: impl FnOnce(&mut Output<'_, W>) -> fmt::Result) {
        let now = time::now().as_micros();
        let mut line = self.line.lock();
        // A line that can't be written is lost: there is no other output to report that.
        let (colour, plain) =
            if self.settings.colour { colours(kind) } else { (&b""[..], &b""[..]) };
        let _ = line.write_all(colour);
        let mut output = Output { line: &mut *line, part: [0; PART], length: 0 };
        let _ = header(&mut output, now, kind)
            .and_then(|()| text(&mut output))
            .and_then(|()| output.flush());
        let _ = line.write_all(plain);
        let _ = line.write_all(b"\r\n");
    }
}

impl<W: Write + Send> Log for Console<W> {
    fn write(&self, level: Level, text: Lease<'_, [u8]>) {
        let caller = server::caller();
        if level > self.level_of(caller) {
            return;
        }
        let system = *self.system.lock();
        let process = caller.and_then(|caller| system?.processes.get(usize::from(caller)));
        self.write_line(level.as_str(), |output| {
            // The written name comes from the wiring, never from the text, because the client may change lent memory
            // after the check.
            let said = match process {
                Some(process) => {
                    write!(output, "{}: ", process.name)?;
                    // The text itself may begin with the name.
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
            let end = text.len().min(said + LONGEST);
            let Some(text) = text.slice(said, end) else { return Ok(()) };
            for part in text.chunks(PART) {
                let mut bytes = [0; PART];
                let length = part.copy_to(&mut bytes);
                let bytes = bytes.get(..length).unwrap_or(&[]);
                let said = bytes.split(|&byte| byte == 0).next().unwrap_or(&[]);
                output.put(said)?;
                if said.len() < length {
                    break;
                }
            }
            Ok(())
        });
    }
}

impl<W: Write + Send> Levels for Console<W> {
    fn level(&self) -> Level {
        self.level_of(server::caller())
    }
}

impl<W: Write + Send> SetLevels for Console<W> {
    fn set_level(&self, process: u8, level: Level) {
        if let Some(decided) = self.decided.get(usize::from(process)) {
            decided.store(level as u8, Ordering::Relaxed);
        }
    }

    fn level_of(&self, process: u8) -> Level {
        Console::level_of(self, Some(process))
    }
}

/// Reads the lines that a [`Past`] keeps.
impl<W: Write + Send> History for Console<W> {
    fn line(&self, age: u8, mut text: LeaseMut<'_, [u8]>) -> Option<u8> {
        // While this lock is held, no thread writes a line.
        let _line = self.line.lock();
        let line = Past::line(age.into())?;
        for (index, &byte) in line.iter().take_while(|&&byte| byte != 0).enumerate() {
            text.set(index, byte);
        }
        let length = line.iter().position(|&byte| byte == 0).unwrap_or(line.len());
        Some(length.min(text.len()) as u8)
    }
}

/// Returns `true` if a text begins with this name and a colon.
fn begins_with(text: &Lease<'_, [u8]>, name: &str) -> bool {
    let mut text = text.iter();
    name.bytes().chain(*b": ").all(|byte| text.next() == Some(byte))
}

/// Returns the codes for a terminal before a line of a kind, and after it.
fn colours(kind: &str) -> (&'static [u8], &'static [u8]) {
    let colour: &[u8] = match kind {
        "fault" | "error" => b"\x1b[31m",
        "warn " => b"\x1b[33m",
        "debug" => b"\x1b[2m",
        _ => return (b"", b""),
    };
    (colour, b"\x1b[0m")
}

fn header(output: &mut dyn fmt::Write, microseconds: u64, kind: &str) -> fmt::Result {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    write!(output, "[{seconds:5}.{fraction:06}] {kind} ")
}

/// Writes text to a serial line: one byte for each character, and a dot for a character that is not printable.
struct Output<'a, W> {
    line: &'a mut W,
    part: [u8; PART],
    length: usize,
}

impl<W: Write> Output<'_, W> {
    /// Writes bytes. Each byte is one character.
    fn put(&mut self, bytes: &[u8]) -> fmt::Result {
        bytes.iter().try_for_each(|&byte| self.push(byte))
    }

    fn push(&mut self, byte: u8) -> fmt::Result {
        if self.length == PART {
            self.flush()?;
        }
        if let Some(place) = self.part.get_mut(self.length) {
            *place = if (b' '..=b'~').contains(&byte) { byte } else { b'.' };
            self.length += 1;
        }
        Ok(())
    }

    fn flush(&mut self) -> fmt::Result {
        let part = self.part.get(..self.length).unwrap_or(&[]);
        self.length = 0;
        self.line.write_all(part).map_err(|_| fmt::Error)
    }
}

impl<W: Write> fmt::Write for Output<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // A character of several bytes is written once, for its first byte.
        let mut firsts = text.bytes().filter(|byte| !(0x80..0xc0).contains(byte));
        firsts.try_for_each(|byte| self.push(byte))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crossgate::Handle;
    use crossgate::testing::Wiring;
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    pub(crate) struct Wire(pub(crate) Arc<Mutex<Vec<u8>>>);

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
        written_by("control", level, text)
    }

    fn written_by(process: &'static str, level: Level, text: &'static [u8]) -> String {
        let wire = Wire::default();
        let console = Console::new(wire.clone());
        *console.system.lock() = Some(&report::tests::SYSTEM);
        let wiring = Wiring::of(&report::tests::SYSTEM);
        let log: Handle<dyn Log> = wiring.serve(console);
        wiring.run(|| wiring.process(process).enter(|| log.write(level, text)).unwrap());
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
        assert_eq!(written_by("sensor", Level::Info, b"control: on"), others);
        assert_eq!(written(Level::Info, b"controller: on"), "info  control: controller: on\r\n");
        let unknown = "info  process 2: control: on\r\n";
        assert_eq!(written_by("test", Level::Info, b"control: on"), unknown);
    }

    #[test]
    fn of_each_process_its_levels_are_taken() {
        const SETTINGS: Settings = Settings { levels: &[("sensor", Level::Warn)], colour: false };
        let wire = Wire::default();
        let wiring = Wiring::of(&report::tests::SYSTEM);
        let home = wiring.process("console");
        let console = home.object(Console::with_settings(wire.clone(), SETTINGS));
        *console.system.lock() = Some(&report::tests::SYSTEM);
        let log: Handle<dyn Log> = home.serve_concurrent(console);
        let levels: Handle<dyn Levels> = home.serve_concurrent(console);
        let [sensor, control] = ["sensor", "control"].map(|name| wiring.process(name));
        let logs = || {
            for level in Level::ALL {
                log.write(level, b"x").unwrap();
            }
            let text = std::mem::take(&mut *wire.0.lock().unwrap());
            (String::from_utf8(text).unwrap().lines().count(), levels.level().unwrap())
        };
        wiring.run(|| {
            assert_eq!(sensor.enter(logs), (2, Level::Warn));
            assert_eq!(control.enter(logs), (4, Level::Debug));
            console.set_level(0, Level::Info);
            console.set_level(1, Level::Error);
            console.set_level(99, Level::Error);
            assert_eq!(sensor.enter(logs), (3, Level::Info));
            assert_eq!(control.enter(logs), (1, Level::Error));
        });
    }

    #[test]
    fn a_terminal_gets_colours_and_no_one_elses() {
        let wire = Wire::default();
        let console =
            Console::with_settings(wire.clone(), Settings { colour: true, ..Settings::DEFAULT });
        Wiring::new().run(|| console.write_line("error", |output| output.write_str("a\x1b[2Jb")));
        let text = String::from_utf8(wire.0.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with("\x1b[31m[") && text.ends_with(".[2Jb\x1b[0m\r\n"), "{text:?}");
        assert_eq!(text.matches('\x1b').count(), 2);
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let line = written(Level::Info, &[b'x'; 4 * LONGEST]);
        assert_eq!(line, format!("info  control: {}\r\n", "x".repeat(LONGEST)));
    }

    #[test]
    fn what_is_formatted_forges_no_lines_either() {
        let wire = Wire::default();
        let console = Console::new(wire.clone());
        Wiring::new()
            .run(|| console.write_line("fault", |output| output.write_str("é\r\nx\u{85}y")));
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
