// SPDX-License-Identifier: MIT OR Apache-2.0
//! The serial line as a terminal.

use core::fmt;
use embedded_io::{Read, ReadReady, Write};
use heapless::Deque;

/// The number of bytes that can be typed ahead.
const AHEAD: usize = 64;

/// A serial line with a terminal. Serial devices have no queue for received bytes. So after each byte that it writes,
/// the terminal reads a received byte, and keeps up to [`AHEAD`] of them. It loses no typed byte as long as bytes don't
/// arrive faster than it writes.
pub struct Terminal<L> {
    line: L,
    typed: Deque<u8, AHEAD>,
}

impl<L: Read + ReadReady + Write> Terminal<L> {
    pub const fn new(line: L) -> Terminal<L> {
        Terminal { line, typed: Deque::new() }
    }

    /// Returns the next byte that was typed, if there is one.
    pub fn next(&mut self) -> Option<u8> {
        self.receive();
        self.typed.pop_front()
    }

    fn receive(&mut self) {
        let mut byte = [0];
        while !self.typed.is_full()
            && let Ok(true) = self.line.read_ready()
            && let Ok(1) = self.line.read(&mut byte)
        {
            let _ = self.typed.push_back(byte[0]);
        }
    }

    /// Sends bytes that the driver of the line may still hold in its buffer.
    pub fn flush(&mut self) {
        let _ = self.line.flush();
    }
}

impl<L: Read + ReadReady + Write> fmt::Write for Terminal<L> {
    /// A line feed is written as `\r\n`.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let bytes: &[u8] = if byte == b'\n' { b"\r\n" } else { &[byte] };
            self.line.write_all(bytes).map_err(|_| fmt::Error)?;
            self.receive();
        }
        Ok(())
    }
}
