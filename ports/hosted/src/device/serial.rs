// SPDX-License-Identifier: MIT OR Apache-2.0
//! A serial line, connected to something on the host.

use super::Device;
use crate::linux::{files, output, terminal};
use crate::options::Connection;
use core::sync::atomic::{AtomicBool, Ordering};
use crossgate_abi::Word;
use crossgate_abi::hosted::serial::{DATA, INTERRUPT, RATE, RECEIVED};
use crossgate_kernel::time::NEVER;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write, stdin};

/// The number of bits on the line for a byte: start, eight, stop.
const BITS: u64 = 10;
/// The number of bytes that are read from the host at a time.
const CHUNK: usize = 256;

/// A serial line.
///
/// Bytes from the host are received at the rate of the line. Sent bytes take no time; the host gets them line by line,
/// or when the firmware has nothing to do. If the standard input has ended, the program ends as soon as no thread can
/// run. So the program can be used as a filter.
///
/// If no option gives the standard input to a line, the first line at which the firmware listens gets it: the first
/// line whose receiver it reads, or whose interrupt it enables.
pub struct Serial {
    index: usize,
    input: Option<File>,
    output: Option<File>,
    /// The bytes that have come from the host, but are still on the line.
    arriving: VecDeque<u8>,
    received: Option<u8>,
    /// The time at which the line is free for the next byte.
    free: u64,
    /// The rate in bits per second; 0 until it is set.
    rate: u64,
    interrupt: bool,
    sent: Vec<u8>,
    /// `true` if the line reads the standard input. The next field is `true` if the standard input has ended.
    is_standard: bool,
    has_ended: bool,
    /// `true` if the line may get the standard input later.
    is_automatic: bool,
    /// `true` if the user must still be told how the line uses the terminal. This happens at the first use.
    is_to_tell: bool,
}

/// `true` if some line reads the standard input.
static IS_READ: AtomicBool = AtomicBool::new(false);

impl Serial {
    /// Creates the serial line of this number, with its connection.
    ///
    /// # Errors
    /// If the connection can't be opened.
    pub fn connect(index: usize, connection: &Connection) -> Result<Serial, String> {
        let (input, output) = connection
            .open(index)
            .map_err(|error| format!("serial line {index} ({connection}): {error}"))?;
        if let Some(input) = &input {
            files::signal_input(input);
        }
        let is_standard = connection.is_standard_input();
        if is_standard {
            IS_READ.store(true, Ordering::Relaxed);
        }
        Ok(Serial {
            index,
            is_standard,
            is_to_tell: is_standard,
            is_automatic: *connection == Connection::Automatic,
            ..Serial::new(input, output)
        })
    }

    /// Records that the firmware listens at the line.
    fn listen(&mut self) {
        if !core::mem::take(&mut self.is_automatic) || IS_READ.swap(true, Ordering::Relaxed) {
            return;
        }
        // If the standard input is closed, nothing arrives.
        if let Ok(input) = files::standard_input() {
            files::signal_input(&input);
            self.input = Some(input);
            (self.is_standard, self.is_to_tell) = (true, true);
        }
    }

    /// Tells the user at the terminal how the line uses the terminal, before the first output.
    fn tell(&mut self) {
        if !core::mem::take(&mut self.is_to_tell) || !stdin().is_terminal() {
            return;
        }
        let index = self.index;
        if self.output.as_ref().is_some_and(IsTerminal::is_terminal) && terminal::send_each_key() {
            output::tell(format_args!(
                "crossgate: this terminal is serial line {index}, which receives each key. Ctrl-C ends the program; \
                 --help lists what else the line can be connected to."
            ));
        } else {
            output::tell(format_args!(
                "crossgate: serial line {index} receives what you type here, line by line. Ctrl-C ends the \
                 program; --help lists what else the line can be connected to."
            ));
        }
    }

    fn new(input: Option<File>, output: Option<File>) -> Serial {
        Serial {
            index: 0,
            input,
            output,
            arriving: VecDeque::new(),
            received: None,
            free: 0,
            rate: 0,
            interrupt: false,
            sent: Vec::new(),
            is_standard: false,
            has_ended: false,
            is_automatic: false,
            is_to_tell: false,
        }
    }

    /// Reads the data that the host has.
    fn look(&mut self) {
        let Some(input) = &mut self.input else { return };
        if !self.arriving.is_empty() || !files::is_readable(input) {
            return;
        }
        let mut bytes = [0; CHUNK];
        match input.read(&mut bytes) {
            Ok(0) => {
                self.input = None;
                self.has_ended = self.is_standard;
            }
            Ok(count) => self.arriving.extend(&bytes[..count]),
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            // The other end has been closed.
            Err(_) => self.input = None,
        }
    }
}

impl Device for Serial {
    fn read(&mut self, register: Word, now: u64) -> Word {
        if matches!(register, DATA | RECEIVED) {
            self.listen();
            self.tell();
        }
        match register {
            DATA => {
                let byte = self.received.take();
                self.advance(now);
                byte.unwrap_or(0).into()
            }
            RECEIVED => self.received.is_some().into(),
            RATE => self.rate as Word,
            INTERRUPT => self.interrupt.into(),
            _ => 0,
        }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        match register {
            DATA => {
                self.sent.push(value as u8);
                if value as u8 == b'\n' || self.sent.len() == CHUNK {
                    self.flush();
                }
            }
            RATE => {
                self.rate = value as u64;
                self.tell();
            }
            INTERRUPT => {
                self.interrupt = value & 1 != 0;
                if self.interrupt {
                    self.listen();
                    self.tell();
                }
            }
            _ => {}
        }
        self.advance(now);
    }

    fn advance(&mut self, now: u64) {
        if self.rate == 0 || self.received.is_some() {
            return;
        }
        if self.arriving.is_empty() {
            self.look();
            // A byte that has just arrived needs the time of its bits on the line.
            self.free = self.free.max(now + BITS * 1_000_000 / self.rate);
        }
        if now >= self.free {
            self.received = self.arriving.pop_front();
            self.free = now + BITS * 1_000_000 / self.rate;
        }
    }

    fn next(&self) -> u64 {
        let is_coming = self.received.is_none() && !self.arriving.is_empty();
        if is_coming { self.free } else { NEVER }
    }

    fn is_raised(&self) -> bool {
        self.interrupt && self.received.is_some()
    }

    fn input_has_ended(&self) -> bool {
        self.has_ended
    }

    fn flush(&mut self) {
        if let Some(output) = &mut self.output
            && output.write_all(&self.sent).is_err()
        {
            // The other end has been closed.
            self.output = None;
        }
        self.sent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn bytes_come_at_the_rate_of_the_line() {
        let mut line = Serial::new(Some(file(b"ab")), None);
        line.advance(50);
        assert_eq!((line.next(), line.read(RECEIVED, 50)), (NEVER, 0), "it has no rate yet");
        line.write(RATE, 10_000, 100);
        line.write(INTERRUPT, 1, 100);
        assert_eq!((line.next(), line.is_raised()), (1_100, false));
        line.advance(1_100);
        assert!(line.is_raised());
        assert_eq!((line.read(DATA, 1_500), line.is_raised()), (usize::from(b'a'), false));
        assert_eq!(line.next(), 2_100);
        line.advance(2_100);
        assert_eq!((line.read(RECEIVED, 2_100), line.read(DATA, 2_100)), (1, usize::from(b'b')));
        line.advance(9_000);
        assert_eq!((line.next(), line.read(RECEIVED, 9_000)), (NEVER, 0));
    }

    #[test]
    fn the_end_of_the_standard_input_is_seen_when_all_is_received() {
        for is_standard in [true, false] {
            let mut line = Serial::new(Some(file(b"a")), None);
            line.is_standard = is_standard;
            line.write(RATE, 10_000, 0);
            line.advance(5_000);
            assert!(!line.input_has_ended(), "a byte is left");
            line.read(DATA, 5_000);
            assert_eq!(line.input_has_ended(), is_standard);
        }
    }

    #[test]
    fn a_line_of_text_is_sent_as_one() {
        let output = file(b"");
        let mut copy = output.try_clone().unwrap();
        let mut line = Serial::new(None, Some(output));
        let written = |line: &mut Serial, bytes: &[u8]| {
            bytes.iter().for_each(|&byte| line.write(DATA, byte.into(), 0));
            line.sent.len()
        };
        assert_eq!(written(&mut line, b"ab"), 2);
        assert_eq!(written(&mut line, b"c\n"), 0);
        assert_eq!(written(&mut line, b"d"), 1);
        line.flush();
        let mut text = String::new();
        copy.rewind().unwrap();
        copy.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc\nd");
    }
}
