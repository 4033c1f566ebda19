// SPDX-License-Identifier: MIT OR Apache-2.0
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynchronous;

/// A flash whose operations are over when they return, as one whose operations can be waited for: no wait ever takes any
/// time.
pub struct Immediate<F>(pub F);

impl<F: blocking::ErrorType> blocking::ErrorType for Immediate<F> {
    type Error = F::Error;
}

impl<F: blocking::ReadNorFlash> asynchronous::ReadNorFlash for Immediate<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: blocking::NorFlash> asynchronous::NorFlash for Immediate<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.0.write(offset, bytes)
    }
}
