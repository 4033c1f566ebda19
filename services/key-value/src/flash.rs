// SPDX-License-Identifier: MIT OR Apache-2.0
use core::ops::Range;
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynchronous;

/// The number of bytes that are read at a time.
pub const LINE: usize = 64;

/// The flash of a store during one operation of the store. It has the async traits that the library needs, but no
/// method ever waits.
///
/// The library reads many small pieces in a row, and each read may be a call to another process. So a read fetches a
/// whole line of bytes, and the next reads take their bytes from this line. The line is dropped at the end of the
/// operation. Nothing else changes this range of the flash during the operation, so the line is never out of date.
pub struct Flash<'f, F> {
    flash: &'f mut F,
    /// The end of the store in the flash. No byte after it is read ahead.
    end: u32,
    line: [u8; LINE],
    /// The range of the flash from which the line was read.
    place: Range<u32>,
    /// True if a read, a write or an erase has failed.
    pub has_failed: bool,
}

impl<'f, F: blocking::NorFlash> Flash<'f, F> {
    pub fn new(flash: &'f mut F, end: u32) -> Self {
        const { assert!(LINE.is_multiple_of(F::READ_SIZE), "64 bytes are not whole reads") };
        Flash { flash, end, line: [0; LINE], place: 0..0, has_failed: false }
    }

    fn note<T>(&mut self, result: Result<T, F::Error>) -> Result<T, F::Error> {
        self.has_failed |= result.is_err();
        result
    }

    /// Copies bytes from the line, if they are all there.
    fn read_line(&self, offset: u32, bytes: &mut [u8]) -> bool {
        let Some(start) = offset.checked_sub(self.place.start) else { return false };
        let line = &self.line[..self.place.len()];
        let Some(part) = line.get(start as usize..).and_then(|line| line.get(..bytes.len())) else {
            return false;
        };
        bytes.copy_from_slice(part);
        true
    }
}

impl<F: blocking::ErrorType> blocking::ErrorType for Flash<'_, F> {
    type Error = F::Error;
}

impl<F: blocking::NorFlash> asynchronous::ReadNorFlash for Flash<'_, F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        if self.read_line(offset, bytes) {
            return Ok(());
        }
        self.place = 0..0;
        let ahead = self.end.saturating_sub(offset).min(LINE as u32);
        if bytes.len() < ahead as usize {
            let result = self.flash.read(offset, &mut self.line[..ahead as usize]);
            self.note(result)?;
            self.place = offset..offset + ahead;
            bytes.copy_from_slice(&self.line[..bytes.len()]);
            return Ok(());
        }
        let result = self.flash.read(offset, bytes);
        self.note(result)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: blocking::NorFlash> asynchronous::NorFlash for Flash<'_, F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.place = 0..0;
        let result = self.flash.erase(from, to);
        self.note(result)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.place = 0..0;
        let result = self.flash.write(offset, bytes);
        self.note(result)
    }
}
