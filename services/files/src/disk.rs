// SPDX-License-Identifier: MIT OR Apache-2.0
use embedded_storage::nor_flash::NorFlash;
use littlefs_rust::{Error, Storage};

/// A flash in the form that littlefs needs. A block of littlefs is a page of the flash.
pub struct Disk<F>(pub F);

impl<F: NorFlash> Storage for Disk<F> {
    fn read(&mut self, block: u32, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.read(place::<F>(block) + offset, bytes).map_err(|_| Error::Io)
    }

    fn write(&mut self, block: u32, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(place::<F>(block) + offset, bytes).map_err(|_| Error::Io)
    }

    fn erase(&mut self, block: u32) -> Result<(), Error> {
        self.0.erase(place::<F>(block), place::<F>(block + 1)).map_err(|_| Error::Io)
    }
}

fn place<F: NorFlash>(block: u32) -> u32 {
    block * F::ERASE_SIZE as u32
}
