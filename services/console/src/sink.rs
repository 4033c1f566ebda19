// SPDX-License-Identifier: MIT OR Apache-2.0
//! The outputs that lines are written to.

use embedded_io::{ErrorType, Write};

/// Two outputs, each of which may be a `Both` again: `Both(uart, Past::new())`. If the first fails to write a line, the
/// second still gets it.
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
