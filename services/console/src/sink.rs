// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places that lines go to.

use embedded_io::{ErrorType, Write};

/// Two places to write to, each of which may be two again: `Both(uart, Past::new())`. The second still gets a line that
/// the first does not take.
#[derive(Clone, Copy, Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<A: ErrorType, B> ErrorType for Both<A, B> {
    type Error = A::Error;
}

impl<A: Write, B: Write> Write for Both<A, B> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, A::Error> {
        // A place that takes nothing can report it only by the first.
        let _ = self.1.write_all(bytes);
        self.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), A::Error> {
        let _ = self.1.flush();
        self.0.flush()
    }
}
