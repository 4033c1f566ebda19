// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flash, and the file system on it while it is mounted.

use crate::disk::Disk;
use core::fmt;
use embedded_storage::nor_flash::NorFlash;
use littlefs_rust::{Config, Error, Filesystem};

/// A flash whose file system is mounted when it is first used, and stays mounted until an operation fails.
pub struct Mount<F: NorFlash> {
    /// The flash. `None` while the file system is mounted, because littlefs then owns the flash.
    flash: Option<Disk<F>>,
    files: Option<Filesystem<Disk<F>>>,
}

#[expect(unsafe_code, reason = "the pointers of littlefs know nothing of threads")]
// SAFETY: the pointers in a `Filesystem` point to memory that it has allocated itself, to its `Disk`, and to open
// files. The memory and the `Disk` move with it; open files borrow it, so it can't move while a file is open. Nothing
// of this belongs to a thread, and the flash is `Send`.
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

    /// Runs `operate` on the file system. If this fails, the data of the flash that littlefs has cached may be wrong.
    /// So the next operation mounts the file system again.
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
        // `NoEntry` means that there is no such file. It is not a failure of the flash.
        if !matches!(result, Ok(_) | Err(Error::NoEntry)) {
            self.unmount();
        }
        result
    }

    /// Creates a file system without files in the flash.
    pub fn format(&mut self, config: &Config) -> Result<(), Error> {
        self.unmount();
        self.flash.as_mut().map_or(Err(Error::Io), |flash| Filesystem::format(flash, config))
    }

    fn unmount(&mut self) {
        if let Some(files) = self.files.take() {
            // To unmount only frees memory. It does not access the flash, so it can't fail.
            self.flash = Some(files.unmount().expect("littlefs is always unmounted"));
        }
    }
}
