// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line without a reader.

use core::convert::Infallible;

/// A line that takes all bytes.
#[derive(Clone, Copy, Debug)]
pub struct Dark;

impl embedded_io::ErrorType for Dark {
    type Error = Infallible;
}
impl embedded_io::Write for Dark {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
