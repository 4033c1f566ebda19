// SPDX-License-Identifier: MIT OR Apache-2.0
//! The log takes the lines of each process up to a level. Clients format no other lines, and the last lines are still
//! there in the next life of the console.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::{Both, Console, Past, Settings};
use core::convert::Infallible;
use core::fmt;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, interface};
use crossgate_log::{Level, Levels, Log, Logger, SetLevels};
use system_tests::dark::Dark;
use system_tests::report::{expect, pass};

/// The console's memory of its lines.
#[interface]
trait Memory {
    /// Returns the number of lines, if their last numbers count from 0 to this bound. In all other cases the result is
    /// 99.
    fn lines(&self) -> u32;
    fn crash(&self);
}

struct Lines;

/// Counts lines.
struct Counter {
    lines: u32,
    last: u8,
    is_right: bool,
}

impl embedded_io::ErrorType for Counter {
    type Error = Infallible;
}
impl embedded_io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            match byte {
                b'\r' => {}
                b'\n' => {
                    self.is_right &= u32::from(self.last.wrapping_sub(b'0')) == self.lines;
                    self.lines += 1;
                }
                _ => self.last = byte,
            }
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Memory for Lines {
    fn lines(&self) -> u32 {
        let mut counter = Counter { lines: 0, last: 0, is_right: true };
        let _ = Past::replay(&mut counter);
        if counter.is_right { counter.lines } else { 99 }
    }
    fn crash(&self) {
        panic!("a console panics on request")
    }
}

const SETTINGS: Settings = Settings { levels: &[("quiet", Level::Error)], colour: false };

crossgate::system! {
    static SYSTEM;
    process console {
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 1024): Concurrent<Console<Both<Dark, Past>>> =
            Console::with_settings(Both(Dark, Past::new()), SETTINGS)
            => [LOG: dyn Log, LEVELS: dyn Levels, SET_LEVELS: dyn SetLevels];
        object lines (stack = 1024): Concurrent<Lines> = Lines => [MEMORY: dyn Memory];
        thread reporter (priority = 9, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
    process quiet { thread main (priority = 8, stack = 2048) = whisper(LOG, LEVELS); }
    process client {
        thread main (priority = 2, stack = 4096) = write(Logger::new(LOG, LEVELS), SET_LEVELS, MEMORY);
    }
}

board::start!(SYSTEM);

/// The index of the client's process.
const CLIENT: u8 = 2;

/// A value that counts how often it is formatted.
struct Counted<'a>(&'a AtomicU32, u32);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        write!(formatter, "{}", self.1)
    }
}

/// Writes lines without asking for the level.
fn whisper(log: Handle<dyn Log>, levels: Handle<dyn Levels>) -> ! {
    expect("the level of the wiring", levels.level(), Ok(Level::Error));
    for level in [Level::Warn, Level::Info, Level::Debug] {
        expect("a line that is not taken", log.write(level, b"9"), Ok(()));
    }
    crossgate::thread::exit()
}

fn write(log: Logger, levels: Handle<dyn SetLevels>, memory: Handle<dyn Memory>) -> ! {
    let count = AtomicU32::new(0);
    let formatted = || count.swap(0, Ordering::Relaxed);
    let lines = |wanted| expect("lines", memory.lines(), Ok(wanted));
    lines(0);
    crossgate_log::debug!(log, "line {}", Counted(&count, 0));
    lines(1);
    expect("the decision", levels.set_level(CLIENT, Level::Warn), Ok(()));
    crossgate_log::debug!(log, "line {}", Counted(&count, 9));
    crossgate_log::info!(log, "line {}", Counted(&count, 9));
    expect("formatted lines", formatted(), 1);
    crossgate_log::warn!(log, "line {}", Counted(&count, 1));
    crossgate_log::error!(log, "line {}", Counted(&count, 2));
    expect("formatted lines", formatted(), 2);
    lines(3);
    // Only an urgent line would have made the client ask whether the console wants more lines by now.
    expect("the decision", levels.set_level(CLIENT, Level::Debug), Ok(()));
    crossgate_log::debug!(log, "line {}", Counted(&count, 9));
    expect("formatted lines", formatted(), 0);
    expect("the wanted level", log.refresh(), Ok(Level::Debug));
    crossgate_log::debug!(log, "line {}", Counted(&count, 3));
    expect("formatted lines", formatted(), 1);
    lines(4);
    expect("the decision", levels.set_level(CLIENT, Level::Warn), Ok(()));
    crossgate_log::debug!(log, "line {}", Counted(&count, 9));
    expect("a crash", memory.crash(), Err(CallError::ServerFaulted));
    // The console reports its own crash. It has lost the decisions about levels with its memory.
    crossgate::time::sleep(core::time::Duration::from_millis(1));
    expect("lines that outlive the console", memory.lines().map(|lines| lines >= 3), Ok(true));
    expect("the wanted level", log.refresh(), Ok(Level::Debug));
    crossgate_log::debug!(log, "line {}", Counted(&count, 9));
    expect("formatted lines", formatted(), 1);
    pass()
}
