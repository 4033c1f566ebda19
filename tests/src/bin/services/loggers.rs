// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes, and a library that they share, log by the crate `log` at once. One process crashes. Each process has its
//! own logger, whose lines have the name and the levels of the process, and a crash does not affect other loggers.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::{Console, Settings};
use core::convert::Infallible;
use core::fmt;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Exclusive, Handle, interface};
use crossgate_log::{Level, Levels, Log};
use system_tests::report::{expect, pass};

/// The expected lines, without the time.
const LINES: &[&str] = &[
    "info  first: loggers: 1 of 2",
    "info  second: loggers: 1 of 2",
    "error first: loggers: an error",
    "warn  first: elsewhere: a warning",
    "debug first: loggers: details",
    "error second: loggers: an error",
    "warn  second: elsewhere: a warning",
    "fault",
    "error second: loggers: an error",
    "warn  second: elsewhere: a warning",
    "info  first: loggers: 2 of 2",
];

/// The paper that the console writes to.
#[interface]
trait Paper {
    fn print(&mut self, byte: u8);
    /// Returns the number of lines that have been printed.
    fn lines(&self) -> u32;
}

struct Sheet {
    line: [u8; 128],
    length: usize,
    lines: usize,
}

impl Paper for Sheet {
    fn print(&mut self, byte: u8) {
        self.line[self.length] = byte;
        self.length += 1;
        if byte != b'\n' {
            return;
        }
        let line = str::from_utf8(&self.line[..self.length]).unwrap_or("?");
        let text = line.trim_end().split_once("] ").map_or("?", |(_time, text)| text);
        let text = if text.starts_with("fault process second: panic") { "fault" } else { text };
        expect("a line", text, LINES.get(self.lines).copied().unwrap_or("no more"));
        self.lines += 1;
        self.length = 0;
    }
    fn lines(&self) -> u32 {
        self.lines as u32
    }
}

/// The console's end of the line.
struct Wire(Handle<dyn Paper>);

impl embedded_io::ErrorType for Wire {
    type Error = Infallible;
}

impl embedded_io::Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        bytes.iter().for_each(|&byte| expect("a call", self.0.print(byte), Ok(())));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Logs by the macros of `log`.
#[interface]
trait User {
    fn begin(&self);
    fn count(&self, number: u32);
    fn log_all(&self);
    /// Returns the number of times that details were formatted.
    fn formatted(&self) -> u32;
    fn crash(&self);
}

struct Client {
    log: Handle<dyn Log>,
    levels: Handle<dyn Levels>,
    formatted: AtomicU32,
}

impl Client {
    const fn new(log: Handle<dyn Log>, levels: Handle<dyn Levels>) -> Client {
        Client { log, levels, formatted: AtomicU32::new(0) }
    }
}

/// A value that counts how often it is formatted.
struct Details<'a>(&'a AtomicU32);

impl fmt::Display for Details<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        to.write_str("details")
    }
}

impl User for Client {
    fn begin(&self) {
        crossgate_logger::init(self.log, self.levels);
    }
    fn count(&self, number: u32) {
        log::info!("{number} of 2");
    }
    fn log_all(&self) {
        log::error!("an error");
        log::warn!(target: "elsewhere", "a warning");
        log::debug!("{}", Details(&self.formatted));
        log::trace!("which no console has a level for");
    }
    fn formatted(&self) -> u32 {
        self.formatted.load(Ordering::Relaxed)
    }
    fn crash(&self) {
        panic!("on request")
    }
}

/// The wiring, in which the console takes no details from the second process.
const SETTINGS: Settings = Settings { levels: &[("second", Level::Info)], colour: false };

crossgate::system! {
    static SYSTEM;
    process paper {
        object sheet (stack = 512): Exclusive<Sheet> = Sheet { line: [0; 128], length: 0, lines: 0 } => [PAPER: dyn Paper];
    }
    process console {
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Wire>> = Console::with_settings(Wire(PAPER), SETTINGS) =>
            [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 8, stack = 4096) = console::report(&terminal, &SYSTEM, FAULTED);
    }
    process first {
        object one (stack = 1024): Concurrent<Client> = Client::new(LOG, LEVELS) => [FIRST: dyn User];
    }
    process second {
        object two (stack = 1024): Concurrent<Client> = Client::new(LOG, LEVELS) => [SECOND: dyn User];
    }
    process main { thread main (priority = 2, stack = 8192) = work(FIRST, SECOND, PAPER); }
}
board::start!(SYSTEM);

fn work(first: Handle<dyn User>, second: Handle<dyn User>, paper: Handle<dyn Paper>) -> ! {
    // Without a logger, nothing is written.
    expect("a call", first.count(0), Ok(()));
    for user in [first, second] {
        expect("a call", user.begin(), Ok(()));
        expect("a call", user.count(1), Ok(()));
    }
    for user in [first, second] {
        expect("a call", user.log_all(), Ok(()));
    }
    expect("a crash", second.crash(), Err(CallError::ServerFaulted));
    // The process has to set up its logger again, as after its start.
    expect("a call", second.log_all(), Ok(()));
    expect("a call", second.begin(), Ok(()));
    expect("a call", second.log_all(), Ok(()));
    expect("a call", first.count(2), Ok(()));
    expect("details that were formatted", first.formatted(), Ok(1));
    expect("details that the console does not take", second.formatted(), Ok(0));
    expect("lines", paper.lines(), Ok(LINES.len() as u32));
    pass()
}
