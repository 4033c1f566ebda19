// SPDX-License-Identifier: MIT OR Apache-2.0
//! An answer: text that is sent on a connection.

use core::fmt;
use crossgate::{Handle, LeaseBuf};
use crossgate_network::TcpStream;

/// The text of an answer. The buffer has the part that was not sent yet.
pub struct Answer<'a, const PLACE: usize> {
    stream: Handle<dyn TcpStream<PLACE>>,
    buffer: &'a mut LeaseBuf<512>,
    used: usize,
}

impl<'a, const PLACE: usize> Answer<'a, PLACE> {
    /// Creates an empty text.
    pub fn new(
        stream: Handle<dyn TcpStream<PLACE>>,
        buffer: &'a mut LeaseBuf<512>,
    ) -> Answer<'a, PLACE> {
        Answer { stream, buffer, used: 0 }
    }

    /// Sends the contents of the buffer.
    ///
    /// # Errors
    /// If the other end does not accept the bytes.
    pub fn flush(&mut self) -> fmt::Result {
        while self.used > 0 {
            let sent = self.stream.send_timeout(self.buffer.first(self.used), crate::PATIENCE);
            let Ok(Ok(count)) = sent else { return Err(fmt::Error) };
            // The network's process is not trusted: it may return a number that is too large.
            let count = (count as usize).min(self.used);
            self.buffer.copy_within(count..self.used, 0);
            self.used -= count;
        }
        Ok(())
    }
}

impl<const PLACE: usize> fmt::Write for Answer<'_, PLACE> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.used == self.buffer.len() {
                self.flush()?;
            }
            let count = rest.len().min(self.buffer.len() - self.used);
            self.buffer[self.used..self.used + count].copy_from_slice(&rest[..count]);
            self.used += count;
            rest = &rest[count..];
        }
        Ok(())
    }
}
