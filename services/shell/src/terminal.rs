// SPDX-License-Identifier: MIT OR Apache-2.0
//! The serial line as a terminal.

use core::fmt;
use embedded_io::{Read, ReadReady, Write};
use heapless::Deque;

/// The number of bytes that can be typed ahead.
const AHEAD: usize = 64;

/// A serial line. It keeps up to [`AHEAD`] bytes that are typed while it writes. Devices have no queues, so it reads
/// typed bytes between written ones, and loses none that come no faster.
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

    /// Sends the bytes that the line may have kept back.
    pub fn flush(&mut self) {
        let _ = self.line.flush();
    }
}

impl<L: Read + ReadReady + Write> fmt::Write for Terminal<L> {
    /// A line feed becomes the end of a line of a terminal.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let bytes: &[u8] = if byte == b'\n' { b"\r\n" } else { &[byte] };
            self.line.write_all(bytes).map_err(|_| fmt::Error)?;
            self.receive();
        }
        Ok(())
    }
}
