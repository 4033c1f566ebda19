// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flash, and the file system on it while that is mounted.

use crate::disk::Disk;
use core::fmt;
use embedded_storage::nor_flash::NorFlash;
use littlefs_rust::{Config, Error, Filesystem};

/// A flash whose file system is mounted when it is first used, and stays mounted until an operation fails.
pub struct Mount<F: NorFlash> {
    /// The flash, unless littlefs has it.
    flash: Option<Disk<F>>,
    files: Option<Filesystem<Disk<F>>>,
}

#[expect(unsafe_code, reason = "the pointers of littlefs know nothing of threads")]
// SAFETY: the pointers in a `Filesystem` lead to what it has allocated itself and to its `Disk`, which go with it, and to open
// files, which borrow it. None of it belongs to a thread, and the flash may be sent.
unsafe impl<F: NorFlash + Send> Send for Mount<F> {}

impl<F: NorFlash> fmt::Debug for Mount<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mount").field("mounted", &self.files.is_some()).finish()
    }
}

impl<F: NorFlash> Mount<F> {
    pub const fn new(flash: F) -> Self {
        Mount { flash: Some(Disk(flash)), files: None }
    }

    /// Does something with the file system. If it fails, the memory that littlefs has of the flash may be wrong: the next
    /// operation mounts the file system again.
    pub fn with<T>(
        &mut self,
        config: Config,
        operate: impl FnOnce(&Filesystem<Disk<F>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(flash) = self.flash.take() {
            let files = Filesystem::mount(flash, config).map_err(|(error, flash)| {
                self.flash = Some(flash);
                error
            })?;
            self.files = Some(files);
        }
        let result = self.files.as_ref().ok_or(Error::Io).and_then(operate);
        // That there is no such file is no failure of the flash.
        if !matches!(result, Ok(_) | Err(Error::NoEntry)) {
            self.unmount();
        }
        result
    }

    /// Makes the flash a file system without files.
    pub fn format(&mut self, config: &Config) -> Result<(), Error> {
        self.unmount();
        self.flash.as_mut().map_or(Err(Error::Io), |flash| Filesystem::format(flash, config))
    }

    fn unmount(&mut self) {
        if let Some(files) = self.files.take() {
            // This frees memory, and does nothing with the flash.
            self.flash = Some(files.unmount().expect("littlefs is always unmounted"));
        }
    }
}
