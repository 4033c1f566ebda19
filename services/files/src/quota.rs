// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pages of the flash that files take.

use crate::disk::Disk;
use embedded_storage::nor_flash::NorFlash;
use littlefs_rust::{Error, Filesystem};

/// The largest number of bytes in a page, on average, that littlefs needs for links to the other pages of the file.
const LINKS: u32 = 8;

/// Returns the largest number of pages that a file of this length takes. An empty file takes room in its directory, and
/// counts as one page.
pub const fn pages(bytes: u32, page: u32) -> u32 {
    bytes / (page - LINKS) + 1
}

/// Returns the largest number of pages that the files in a directory take.
pub fn used<F: NorFlash>(files: &Filesystem<Disk<F>>, directory: &str) -> Result<u32, Error> {
    let entries = files.read_dir(directory)?;
    entries.map(|entry| Ok(pages(entry?.size, F::ERASE_SIZE as u32))).sum()
}
