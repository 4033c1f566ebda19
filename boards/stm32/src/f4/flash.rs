// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flash of an STM32F4 as a memory for data (RM0090, 3.4 to 3.9).

use core::fmt;
use crossgate_abi::table::Mmio;
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
    check_erase, check_read, check_write,
};

/// The registers of the controller of the flash.
pub const STM32F4_FLASH_CONTROLLER: Mmio = Mmio { start: 0x4002_3c00, size: 0x400 };

/// The first address of the flash, and the sizes of its sectors (3.4, table 5). A chip with 512 KiB has the first
/// eight.
const FLASH: usize = 0x0800_0000;
const K: usize = 1024;
const SECTORS: [usize; 12] = [
    16 * K,
    16 * K,
    16 * K,
    16 * K,
    64 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
];
/// The size of a word, in bytes: the driver programs 32 bits at a time, for which the chip needs 2.7 V at least
/// (3.6.2).
const WORD: usize = 4;

/// The registers of the controller, by their offsets (3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Register {
    Access = 0x00,
    Key = 0x04,
    State = 0x0c,
    Control = 0x10,
}

/// The bits of the registers.
mod bit {
    /// Of the access: the cache of constants, and its reset.
    pub const DATA_CACHE: u32 = 1 << 10;
    pub const EMPTY_DATA_CACHE: u32 = 1 << 12;
    /// Of the state. A 1 clears an error.
    pub const BUSY: u32 = 1 << 16;
    pub const PROTECTED: u32 = 1 << 4;
    pub const ERRORS: u32 = 0b1111 << 4 | 1 << 1;
    /// Of the control.
    pub const PROGRAM: u32 = 1;
    pub const ERASE_SECTOR: u32 = 1 << 1;
    pub const SECTOR: u32 = 3;
    pub const WORDS: u32 = 2 << 8;
    pub const START: u32 = 1 << 16;
    pub const LOCKED: u32 = 1 << 31;
}

/// The two words that open the control register.
const KEYS: [u32; 2] = [0x4567_0123, 0xcdef_89ab];

/// The way to the controller and to the memory. (The tests have a model of both.)
#[doc(hidden)]
pub trait Access {
    /// The largest number of reads while the driver waits for an operation.
    const PATIENCE: u32;
    fn read(&self, register: Register) -> u32;
    fn write(&mut self, register: Register, value: u32);
    fn load(&self, address: usize) -> u8;
    fn program(&mut self, address: usize, word: u32);
}

/// The controller and the memory of the chip itself.
#[derive(Debug)]
#[doc(hidden)]
pub struct Chip;

impl Access for Chip {
    // A sector of 128 KiB takes two seconds at most (data sheet, "Flash memory programming"). A read takes more than
    // two cycles at 168 MHz.
    const PATIENCE: u32 = 1 << 28;

    fn read(&self, register: Register) -> u32 {
        let address = STM32F4_FLASH_CONTROLLER.start + register as usize;
        // SAFETY: this is a register of the controller. If the process does not own it, the access stops the process.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
    }

    fn write(&mut self, register: Register, value: u32) {
        let address = STM32F4_FLASH_CONTROLLER.start + register as usize;
        // SAFETY: as above. The owner of the controller is trusted with all of the flash.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
    }

    fn load(&self, address: usize) -> u8 {
        // SAFETY: `new` has checked that the range of the driver is in the flash. If the process does not own it, the
        // access stops the process.
        unsafe { core::ptr::with_exposed_provenance::<u8>(address).read_volatile() }
    }

    fn program(&mut self, address: usize, word: u32) {
        // SAFETY: as above; the address is a multiple of 4. No Rust object lies there.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(word) }
    }
}

/// The reason why the flash did not carry out an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stm32F4FlashError {
    /// The offset is not aligned, or not in the range of the driver.
    Place(NorFlashErrorKind),
    /// The controller does not take its keys: somebody has written wrong ones since the last reset.
    Locked,
    /// An option of the chip protects the sector.
    Protected,
    /// The controller reports another error.
    Failed,
    /// The controller was busy for longer than the data sheet allows.
    TimedOut,
    /// The memory differs from what was written, because it was not erased.
    Differs,
}

impl fmt::Display for Stm32F4FlashError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(kind) => kind.fmt(formatter),
            Self::Locked => formatter.write_str("the flash is locked until the next reset"),
            Self::Protected => formatter.write_str("an option of the chip protects the flash"),
            Self::Failed => formatter.write_str("the flash reports an error"),
            Self::TimedOut => formatter.write_str("the flash is busy for too long"),
            Self::Differs => formatter.write_str("the flash was not erased before the write"),
        }
    }
}

impl core::error::Error for Stm32F4FlashError {}

impl NorFlashError for Stm32F4FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Place(kind) => *kind,
            _ => NorFlashErrorKind::Other,
        }
    }
}

/// Driver of a part of the flash, for a process that owns this part and the [controller](STM32F4_FLASH_CONTROLLER). It
/// implements the traits of [`embedded_storage`], and writes words of 4 bytes.
///
/// The sectors of the flash have different sizes: four of 16 KiB, one of 64 KiB, and then those of 128 KiB. `ERASE` is
/// the unit in which the driver erases, in bytes. Each unit has to be one sector or several ones.
///
/// ```
/// use crossgate_abi::table::Mmio;
/// use stm32_board::Stm32F4Flash;
///
/// // The last two sectors of an STM32F405. (`memory.x` must not give them to the firmware.)
/// const ROOM: Mmio = Mmio { start: 0x080c_0000, size: 256 * 1024 };
/// const FLASH: Stm32F4Flash<{ 128 * 1024 }> = Stm32F4Flash::new(ROOM);
/// ```
///
/// # Trust and time
///
/// The controller does not know processes: its owner can erase and write all of the flash, the kernel too. So it is as
/// trusted as the kernel, and should be a small process that only drives the flash for others, as
/// `crossgate-partition` does.
///
/// While the flash is erased or written, the CPU can't read it, and so stands still: the kernel and all processes, with
/// interrupts pending. This takes up to 0.1 ms for a word, 0.5 s for a sector of 16 KiB, and 2 s for one of 128 KiB
/// (data sheet of the STM32F405, "Flash memory programming"). A watchdog has to allow for it.
#[derive(Debug)]
pub struct Stm32F4Flash<const ERASE: usize, A = Chip> {
    access: A,
    start: usize,
    size: usize,
}

impl<const ERASE: usize> Stm32F4Flash<ERASE> {
    /// Creates the driver of a part of the flash.
    ///
    /// # Panics
    /// If the part is not made of units of `ERASE` bytes, each of which is one or more sectors. In a constant or in the
    /// wiring, this is a compile error.
    #[must_use]
    pub const fn new(part: Mmio) -> Self {
        Self::with(Chip, part)
    }
}

impl<const ERASE: usize, A> Stm32F4Flash<ERASE, A> {
    const fn with(access: A, Mmio { start, size }: Mmio) -> Self {
        assert!(ERASE > 0 && size.is_multiple_of(ERASE), "the part is no number of units");
        let mut border = start;
        while border <= start + size {
            assert!(sector(border).is_some(), "a unit of the flash is not made of sectors");
            border += ERASE;
        }
        Stm32F4Flash { access, start, size }
    }
}

/// Returns the number of the sector that starts at this address. The end of the flash counts as such a start.
const fn sector(address: usize) -> Option<usize> {
    let (mut number, mut start) = (0, FLASH);
    while number < SECTORS.len() && start < address {
        start += SECTORS[number];
        number += 1;
    }
    if start == address { Some(number) } else { None }
}

impl<const ERASE: usize, A: Access> Stm32F4Flash<ERASE, A> {
    /// Carries out an operation while the controller is open.
    fn opened(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<(), Stm32F4FlashError>,
    ) -> Result<(), Stm32F4FlashError> {
        // Another life of the process may have left an operation or its errors.
        self.wait()?;
        if self.access.read(Register::Control) & bit::LOCKED != 0 {
            for key in KEYS {
                self.access.write(Register::Key, key);
            }
        }
        if self.access.read(Register::Control) & bit::LOCKED != 0 {
            return Err(Stm32F4FlashError::Locked);
        }
        self.access.write(Register::State, bit::ERRORS);
        let result = operation(self);
        // While the controller is busy, a write to this register would stop the CPU (3.9.5).
        if result != Err(Stm32F4FlashError::TimedOut) {
            self.access.write(Register::Control, bit::LOCKED);
            self.forget();
        }
        result
    }

    /// Waits until the controller is not busy. Returns its state.
    fn wait(&self) -> Result<u32, Stm32F4FlashError> {
        let mut states = (0..A::PATIENCE).map(|_| self.access.read(Register::State));
        states.find(|state| state & bit::BUSY == 0).ok_or(Stm32F4FlashError::TimedOut)
    }

    /// Waits for the end of an operation.
    fn complete(&self) -> Result<(), Stm32F4FlashError> {
        let errors = self.wait()? & bit::ERRORS;
        match errors {
            0 => Ok(()),
            _ if errors & bit::PROTECTED != 0 => Err(Stm32F4FlashError::Protected),
            _ => Err(Stm32F4FlashError::Failed),
        }
    }

    /// Empties the cache of constants, which may have old contents of the flash. It has to be off meanwhile (3.5.2).
    fn forget(&mut self) {
        let settings = self.access.read(Register::Access);
        let off = settings & !bit::DATA_CACHE;
        for value in [off, off | bit::EMPTY_DATA_CACHE, off, settings] {
            self.access.write(Register::Access, value);
        }
    }
}

impl<const ERASE: usize, A> ErrorType for Stm32F4Flash<ERASE, A> {
    type Error = Stm32F4FlashError;
}

impl<const ERASE: usize, A: Access> ReadNorFlash for Stm32F4Flash<ERASE, A> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Stm32F4FlashError> {
        check_read(self, offset, bytes.len()).map_err(Stm32F4FlashError::Place)?;
        for (address, byte) in (self.start + offset as usize..).zip(bytes) {
            *byte = self.access.load(address);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.size
    }
}

impl<const ERASE: usize, A: Access> NorFlash for Stm32F4Flash<ERASE, A> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Stm32F4FlashError> {
        check_erase(self, from, to).map_err(Stm32F4FlashError::Place)?;
        let border = |offset: u32| sector(self.start + offset as usize).unwrap_or_default();
        let sectors = border(from)..border(to);
        self.opened(|flash| {
            for sector in sectors {
                let control = bit::ERASE_SECTOR | (sector as u32) << bit::SECTOR | bit::WORDS;
                flash.access.write(Register::Control, control);
                flash.access.write(Register::Control, control | bit::START);
                flash.complete()?;
            }
            Ok(())
        })
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Stm32F4FlashError> {
        check_write(self, offset, bytes.len()).map_err(Stm32F4FlashError::Place)?;
        let start = self.start + offset as usize;
        self.opened(|flash| {
            flash.access.write(Register::Control, bit::PROGRAM | bit::WORDS);
            for (address, word) in (start..).step_by(WORD).zip(bytes.as_chunks::<WORD>().0) {
                flash.access.program(address, u32::from_le_bytes(*word));
                flash.complete()?;
            }
            Ok(())
        })?;
        // The controller does not report a bit that stays 0.
        let mut written = (start..).zip(bytes);
        if written.any(|(address, byte)| self.access.load(address) != *byte) {
            return Err(Stm32F4FlashError::Differs);
        }
        Ok(())
    }
}

/// A word can be written again, with more bits that are 0: the flash has no code that would correct errors.
impl<const ERASE: usize, A: Access> MultiwriteNorFlash for Stm32F4Flash<ERASE, A> {}

#[cfg(test)]
mod tests;
