// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flash of a microcontroller.

use core::fmt;
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
    check_erase, check_read, check_write,
};

/// The reason why the flash refused an operation, or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The address is not aligned, or not in the flash.
    Place(NorFlashErrorKind),
    /// A bit that is 0 would have to become 1, which only an erase can do.
    NotErased,
    /// The power was lost.
    NoPower,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Place(kind) => kind.fmt(formatter),
            Error::NotErased => formatter.write_str("a byte to write is not erased"),
            Error::NoPower => formatter.write_str("the power was lost"),
        }
    }
}

impl core::error::Error for Error {}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Error::Place(kind) => *kind,
            _ => NorFlashErrorKind::Other,
        }
    }
}

/// A NOR flash of `SIZE` bytes. It writes words of `WRITE` bytes, and erases pages of `ERASE` bytes.
///
/// As in a real flash, a write can only change bits from 1 to 0. The bits become 1 again only when their page is
/// erased. A write that would have to set a bit to 1 is refused. The power can be
/// [cut](SimulatedFlash::cut_power_after) within a word or a page.
///
/// ```
/// use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
/// use simulated_chips::{FlashError, SimulatedFlash};
///
/// let mut flash = SimulatedFlash::<2048, 4, 512>::new();
/// flash.write(8, &[1, 2, 3, 4]).unwrap();
/// assert_eq!(flash.write(8, &[2, 2, 3, 4]), Err(FlashError::NotErased));
///
/// flash.cut_power_after(1);
/// assert_eq!(flash.write(12, &[0; 8]), Err(FlashError::NoPower));
/// flash.switch_on();
/// let mut bytes = [0; 8];
/// flash.read(12, &mut bytes).unwrap();
/// assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0xff, 0xff]); // the second word is half written
/// ```
pub struct SimulatedFlash<const SIZE: usize, const WRITE: usize, const ERASE: usize> {
    bytes: [u8; SIZE],
    /// The number of words and pages until the power is cut; `None` if it will not be cut.
    steps: Option<u32>,
    has_power: bool,
    /// The number of pages that have been erased.
    erased: u32,
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> fmt::Debug
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedFlash")
            .field("erased", &self.erased)
            .finish_non_exhaustive()
    }
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> Default
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
    fn default() -> Self {
        SimulatedFlash::new()
    }
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> SimulatedFlash<SIZE, WRITE, ERASE> {
    /// Creates a flash that is erased.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(SIZE.is_multiple_of(ERASE) && ERASE.is_multiple_of(WRITE)) };
        SimulatedFlash { bytes: [0xff; SIZE], steps: None, has_power: true, erased: 0 }
    }

    /// Cuts the power after this number of words and pages have been written and erased. The next word or page is only
    /// half done.
    pub fn cut_power_after(&mut self, steps: u32) {
        self.steps = Some(steps);
    }

    /// Switches the power on again. The bytes keep their values.
    pub fn switch_on(&mut self) {
        (self.steps, self.has_power) = (None, true);
    }

    /// Returns how many pages have been erased.
    #[must_use]
    pub fn erased(&self) -> u32 {
        self.erased
    }

    /// Returns how many of the `length` bytes of a word or page are written or erased before the power fails.
    fn reached(&mut self, length: usize) -> usize {
        match &mut self.steps {
            Some(0) => {
                self.has_power = false;
                length / 2
            }
            Some(steps) => {
                *steps -= 1;
                length
            }
            None => length,
        }
    }

    fn check_power(&self) -> Result<(), Error> {
        if self.has_power { Ok(()) } else { Err(Error::NoPower) }
    }
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> ErrorType
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
    type Error = Error;
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len()).map_err(Error::Place)?;
        self.check_power()?;
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> NorFlash
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to).map_err(Error::Place)?;
        for page in (from as usize..to as usize).step_by(ERASE) {
            self.check_power()?;
            let length = self.reached(ERASE);
            self.bytes[page..][..length].fill(0xff);
            self.erased += 1;
        }
        self.check_power()
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len()).map_err(Error::Place)?;
        for (word, start) in bytes.chunks(WRITE).zip((offset as usize..).step_by(WRITE)) {
            self.check_power()?;
            if self.bytes[start..].iter().zip(word).any(|(old, new)| !old & new != 0) {
                return Err(Error::NotErased);
            }
            let length = self.reached(WRITE);
            self.bytes[start..][..length].copy_from_slice(&word[..length]);
        }
        self.check_power()
    }
}

impl<const SIZE: usize, const WRITE: usize, const ERASE: usize> MultiwriteNorFlash
    for SimulatedFlash<SIZE, WRITE, ERASE>
{
}
