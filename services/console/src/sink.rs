// SPDX-License-Identifier: MIT OR Apache-2.0
//! Outputs for lines.

use embedded_io::{ErrorType, Write};

/// Two outputs: `Both(uart, Past::new())`. Each of them may again be a `Both`. If the first output fails to write a
/// line, the second output still gets the line.
#[derive(Clone, Copy, Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<A: ErrorType, B> ErrorType for Both<A, B> {
    type Error = A::Error;
}

impl<A: Write, B: Write> Write for Both<A, B> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, A::Error> {
        // An error of the second output is ignored. Only the first output can report errors.
        let _ = self.1.write_all(bytes);
        self.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), A::Error> {
        let _ = self.1.flush();
        self.0.flush()
    }
}
