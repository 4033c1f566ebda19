// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{FLASH, Registers};
use core::fmt;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::flash::{DATA, ERASE, PAGE, PLACE, SIZE, STATUS, WORD};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

/// The reason why the flash refused an operation, or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlashError {
    /// The address is not aligned, or not in the flash.
    Place(NorFlashErrorKind),
    /// A bit that is 0 would have to become 1, which only an erase can do; or the power was cut.
    Failed,
}

impl fmt::Display for FlashError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlashError::Place(kind) => kind.fmt(formatter),
            FlashError::Failed => {
                formatter.write_str("the flash refuses what is not erased, or has no power")
            }
        }
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            FlashError::Place(kind) => *kind,
            FlashError::Failed => NorFlashErrorKind::Other,
        }
    }
}

/// Driver of the flash, for the process that owns [`FLASH`]. The flash has 64 KiB, with words of 4 bytes and pages of
/// 1024 bytes.
///
/// The flash is erased when the program starts, unless the option `--flash` names a file with its contents.
#[derive(Debug)]
pub struct Flash {
    registers: Registers,
}

impl Flash {
    /// Creates the driver of the flash in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's flash. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Flash {
        const OTHERWISE: &str = "there is no flash at these registers";
        Flash { registers: Registers::of(mmio, &[FLASH], OTHERWISE) }
    }

    fn status(&self) -> Result<(), FlashError> {
        if self.registers.read(STATUS) == 0 { Ok(()) } else { Err(FlashError::Failed) }
    }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check_read(self, offset, bytes.len()).map_err(FlashError::Place)?;
        let skipped = offset as usize % WORD;
        self.registers.write(PLACE, offset as Word - skipped);
        let mut word = [0; WORD];
        for (index, byte) in (skipped..).zip(bytes) {
            if index == skipped || index.is_multiple_of(WORD) {
                word = (self.registers.read(DATA) as u32).to_le_bytes();
            }
            *byte = word[index % WORD];
        }
        self.status()
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        check_erase(self, from, to).map_err(FlashError::Place)?;
        for page in (from..to).step_by(PAGE) {
            self.registers.write(PLACE, page as Word);
            self.registers.write(ERASE, 1);
        }
        self.status()
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check_write(self, offset, bytes.len()).map_err(FlashError::Place)?;
        self.registers.write(PLACE, offset as Word);
        for word in bytes.as_chunks::<WORD>().0 {
            self.registers.write(DATA, u32::from_le_bytes(*word) as Word);
        }
        self.status()
    }
}
