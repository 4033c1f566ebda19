// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines on the standard error.

use std::fmt::{self, Write};

/// Writes a byte to the standard error.
pub fn say(byte: u8) {
    write_error(&[byte]);
}

/// Writes a line to the standard error. It allocates nothing.
pub fn tell(line: fmt::Arguments) {
    let mut out = StandardError { text: [0; 256], length: 0 };
    let _ = writeln!(out, "{line}");
    out.flush();
}

/// Text on its way to the standard error.
struct StandardError {
    text: [u8; 256],
    length: usize,
}

impl StandardError {
    fn flush(&mut self) {
        write_error(&self.text[..self.length]);
        self.length = 0;
    }
}

impl fmt::Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.length == self.text.len() {
                self.flush();
            }
            self.text[self.length] = byte;
            self.length += 1;
        }
        Ok(())
    }
}

/// Writes to the standard error, without the lock of the Rust library, which a process may have taken and not freed.
pub(super) fn write_error(text: &[u8]) {
    // If the standard error is closed, the text is lost.
    // SAFETY: the text is only read.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
}
