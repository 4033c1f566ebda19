// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files in flash, for several processes.
//!
//! Each client has a directory of its own, and can't name a file of another client. When a client opens a file, it gets
//! a number for this file. All clients share one pool of open files. The wiring gives the size of this pool. If a
//! client crashes or restarts while it has open files, the places of these files in the pool become free for other
//! clients. The file system is littlefs: each write takes effect completely or not at all, even if the power fails or a
//! process crashes.
//!
//! ```ignore
//! process flash {
//!     mmio FLASH_CONTROLLER;
//!     object partitions (stack = 512): Exclusive<Partitions<Flash, 1>> = /* ... */ => [ROOM: dyn Partition<0, 4, 4096>];
//! }
//! process archive {
//!     heap = 2048;
//!     lost_clients;
//!     object files (stack = 6144): Exclusive<FileSystem<PartitionHandle<0, 4, 4096>, 4, 2>> =
//!         FileSystem::new(PartitionHandle::new(ROOM), 32, [4, 16]) =>
//!         [LOGS: dyn Files<0>, PICTURES: dyn Files<1>, KEEPER: dyn Keeper];
//! }
//! process logger { thread main (priority = 2, stack = 2048) = logger::main(LOGS); }
//! ```
//!
//! ```
//! use crossgate::{Handle, LeaseBuf};
//! use crossgate::testing::Wiring;
//! use crossgate_files::{FileSystem, Files, Keeper, Mode};
//! use simulated_chips::SimulatedFlash;
//!
//! let wiring = Wiring::new();
//! let flash = SimulatedFlash::<16384, 4, 1024>::new();
//! let mut files = FileSystem::<_, 2, 1>::new(flash, 16, [8]);
//! files.format().unwrap();
//! let files: Handle<dyn Files<0>> = wiring.serve(files);
//! wiring.run(|| {
//!     let mut buffer = LeaseBuf::<32>::new();
//!     buffer[..3].copy_from_slice(b"log");
//!     let log = files.open(buffer.first(3), Mode::Write).unwrap().unwrap();
//!     buffer[..5].copy_from_slice(b"hello");
//!     assert_eq!(files.write(log, buffer.first(5)), Ok(Ok(5)));
//!     assert_eq!(files.seek(log, 1), Ok(Ok(())));
//!     assert_eq!(files.read(log, &mut buffer), Ok(Ok(4)));
//!     assert_eq!(&buffer[..4], b"ello");
//!     assert_eq!(files.close(log), Ok(Ok(())));
//! });
//! ```
//!
//! # Memory
//!
//! For each open file, the service keeps the name and the position. The file system stays mounted until an operation
//! fails. While it is mounted, littlefs caches data of the flash on the heap of the process. An error of the flash, or
//! a crash of the process of the flash, can make this data wrong. So after a failure, the next operation mounts the
//! file system again.
//!
//! # Quotas
//!
//! The wiring gives each client a quota of pages. The files of a client take no more pages of the flash than this
//! quota, so no client can take the pages of another client. The quota counts the length of each file in whole pages. A
//! page holds eight bytes of a file less than its size, because littlefs stores links between the pages there. An empty
//! file counts as one page. Two kinds of pages are not included in the quotas: the pages of directories, and the copies
//! that littlefs makes before it frees old pages. If a write changes the middle of a file, littlefs first copies all
//! pages from the first changed page to the end of the file. So leave some pages outside of all quotas.
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

mod disk;
mod mount;
mod name;
mod open;
mod quota;

pub use name::NAME;
pub use open::File;

use core::fmt;
use crossgate::{Lease, LeaseMut, Wire, interface, server};
use disk::Disk;
use embedded_storage::nor_flash::NorFlash;
use littlefs_rust::{Config, Error, Filesystem, OpenFlags, SeekFrom};
use mount::Mount;
use name::Name;
use open::{Open, Opened};

/// The number of bytes that are copied at a time. Each cache of littlefs has the same size.
const CHUNK: usize = 64;
/// The size in bytes of the bitmap in which littlefs marks free blocks: 8 bytes are for 64 blocks.
const LOOKAHEAD: u32 = 8;
/// The number of times that a block of metadata is erased before littlefs moves its contents to another block.
const CYCLES: i32 = 500;

/// The reason why a file was not read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The name is empty, is longer than [`NAME`], begins with a dot, or has a character that is not a letter, a digit,
    /// `-`, `_` or `.`.
    BadName,
    /// There is no file with this name.
    NoFile,
    /// This client has no open file with this number: the client has closed the file, the file was
    /// [revoked](Keeper::revoke), or the number is forged.
    NotOpen,
    /// The file is open only for reading.
    ReadOnly,
    /// The position is past the end of the file, so a write would leave a gap.
    PastEnd,
    /// All places in the pool of open files are taken.
    TooManyOpen,
    /// The client's files would take more pages of the flash than its quota.
    OverQuota,
    /// There is no room left in the flash.
    Full,
    /// The flash holds no file system, or the file system is damaged in a way that a loss of power can't cause.
    /// [`Keeper::format`] creates an empty file system.
    Corrupted,
    /// The flash had an error, or its process has crashed. The file is as before.
    Flash,
}

/// The purpose for which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Mode {
    /// To read the file, from its start.
    Read,
    /// To read and write the file, from its start. If the file does not exist, an empty file is created.
    Write,
    /// Like `Write`, but from the end of the file.
    Append,
}

/// The interface of a process whose files are in the directory with the number `DIRECTORY`.
#[interface]
pub trait Files<const DIRECTORY: u8> {
    /// Opens the file with this name. A file that is created in this way is empty, and counts as one page.
    fn open(&mut self, name: Lease<'_, [u8]>, mode: Mode) -> Result<File, Fault>;
    /// Reads bytes from the file's position on, and advances the position by the number of these bytes. Returns this
    /// number. It is less than the length of the lent memory if the file ends before.
    fn read(&mut self, file: File, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Writes all bytes or none at the file's position, and advances the position by their number. Returns this number.
    /// The bytes are in the flash when this method returns. If the write would exceed the client's quota, the file does
    /// not change.
    fn write(&mut self, file: File, bytes: Lease<'_, [u8]>) -> Result<u32, Fault>;
    /// Sets the position, in bytes from the start of the file.
    fn seek(&mut self, file: File, position: u32) -> Result<(), Fault>;
    /// Returns the number of bytes of the file.
    fn size(&mut self, file: File) -> Result<u32, Fault>;
    /// Closes the file.
    fn close(&mut self, file: File) -> Result<(), Fault>;
    /// Renames a file, in one step. If a file with the new name exists, it is replaced.
    fn rename(&mut self, from: Lease<'_, [u8]>, to: Lease<'_, [u8]>) -> Result<(), Fault>;
    /// Removes a file. If the file is open, later uses of it fail with [`Fault::NoFile`].
    fn remove(&mut self, name: Lease<'_, [u8]>) -> Result<(), Fault>;
}

/// The interface of a process that keeps the file system.
#[interface]
pub trait Keeper {
    /// Closes all open files of a process. `process` is the index of the process in the wiring. Returns the number of
    /// closed files.
    fn revoke(&mut self, process: u8) -> u32;
    /// Closes and removes all files of all clients, whatever the flash holds.
    fn format(&mut self) -> Result<(), Fault>;
}

/// The service object of the process that keeps the files in the flash `F`. Up to `CLIENTS` clients have a directory
/// each. Together they can have up to `OPEN` files open at the same time.
pub struct FileSystem<F: NorFlash, const OPEN: usize, const CLIENTS: usize> {
    mount: Mount<F>,
    /// The number of pages of the flash.
    pages: u32,
    /// The number of pages that the files of each directory may take.
    quotas: [u32; CLIENTS],
    open: Open<OPEN>,
}

impl<F: NorFlash, const OPEN: usize, const CLIENTS: usize> fmt::Debug
    for FileSystem<F, OPEN, CLIENTS>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FileSystem").field("open", &self.open).finish_non_exhaustive()
    }
}

impl<F: NorFlash, const OPEN: usize, const CLIENTS: usize> FileSystem<F, OPEN, CLIENTS> {
    /// Creates the object of a file system. The file system takes the first `pages` pages of the flash. `quotas` has,
    /// for each directory, the largest number of pages that its files may take.
    ///
    /// # Panics
    /// If `pages` is too small. It must be at least the sum of all quotas, two pages for the root, two pages for each
    /// directory, and one page that a write needs for a copy. In the wiring, this is a compile error.
    #[must_use]
    pub const fn new(flash: F, pages: u32, quotas: [u32; CLIENTS]) -> Self {
        const { assert!(CHUNK.is_multiple_of(F::WRITE_SIZE), "64 bytes are not whole writes") };
        const { assert!(CHUNK.is_multiple_of(F::READ_SIZE), "64 bytes are not whole reads") };
        const { assert!(F::ERASE_SIZE >= 128, "littlefs needs pages of 128 bytes") };
        const { assert!(F::ERASE_SIZE.is_multiple_of(CHUNK), "a page is not whole caches") };
        const { assert!(OPEN > 0 && OPEN < 256, "a file's place is a byte") };
        let mut needed = 2 + 2 * CLIENTS as u64 + 1;
        let mut client = 0;
        while client < CLIENTS {
            needed += quotas[client] as u64;
            client += 1;
        }
        assert!(needed <= pages as u64, "the pages are not enough for all quotas");
        FileSystem { mount: Mount::new(flash), pages, quotas, open: Open::new() }
    }

    fn config(&self) -> Config {
        Config {
            read_size: F::READ_SIZE as u32,
            prog_size: F::WRITE_SIZE as u32,
            block_cycles: CYCLES,
            cache_size: CHUNK as u32,
            lookahead_size: LOOKAHEAD,
            name_max: NAME as u32,
            ..Config::new(F::ERASE_SIZE as u32, self.pages)
        }
    }

    /// Runs `operate` on the file system. If the file system is not mounted, mounts it first.
    fn mounted<T>(
        &mut self,
        operate: impl FnOnce(&Filesystem<Disk<F>>) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        self.mount.with(self.config(), operate).map_err(fault)
    }

    /// Runs `operate` on a file at its position, and closes the file. Returns the new position.
    fn at_position<T>(
        &mut self,
        opened: Opened,
        flags: OpenFlags,
        operate: impl FnOnce(
            &Filesystem<Disk<F>>,
            &littlefs_rust::File<'_, Disk<F>>,
        ) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        self.mounted(|files| {
            let file = files.open(opened.path.as_str(), flags)?;
            let result = operate(files, &file)?;
            file.close()?;
            Ok(result)
        })
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::NoEntry => Fault::NoFile,
        Error::NoSpace => Fault::Full,
        Error::Io => Fault::Flash,
        _ => Fault::Corrupted,
    }
}

impl<F, const OPEN: usize, const CLIENTS: usize, const DIRECTORY: u8> Files<DIRECTORY>
    for FileSystem<F, OPEN, CLIENTS>
where
    F: NorFlash,
{
    fn open(&mut self, name: Lease<'_, [u8]>, mode: Mode) -> Result<File, Fault> {
        const {
            assert!(
                (DIRECTORY as usize) < CLIENTS,
                "the file system has no quota for this directory"
            )
        };
        let path = Name::of(&name, DIRECTORY)?;
        // A client that is gone gets no open file, because nobody waits for the result of this call.
        let client = server::client().ok_or(Fault::NotOpen)?;
        let place = self.open.free()?;
        let quota = self.quotas[usize::from(DIRECTORY)];
        let flags = match mode {
            Mode::Read => OpenFlags::READ,
            Mode::Write | Mode::Append => OpenFlags::READ | OpenFlags::WRITE,
        };
        let size = self.mounted(|files| {
            let file = match files.open(path.as_str(), flags) {
                Err(Error::NoEntry) if mode != Mode::Read => {
                    if !files.exists(path.directory()) {
                        files.mkdir(path.directory())?;
                    }
                    if quota::used(files, path.directory())? >= quota {
                        return Ok(Err(Fault::OverQuota));
                    }
                    files.open(path.as_str(), flags | OpenFlags::CREATE)?
                }
                opened => opened?,
            };
            let size = file.size();
            file.close()?;
            Ok(Ok(size))
        })??;
        let position = if mode == Mode::Append { size } else { 0 };
        Ok(self.open.put(place, Opened { client, path, mode, position }))
    }

    fn read(&mut self, file: File, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        let opened = self.open.get(file, DIRECTORY)?;
        let read = self.at_position(opened, OpenFlags::READ, |_, file| {
            if opened.position >= file.size() {
                return Ok(0);
            }
            file.seek(SeekFrom::Start(opened.position))?;
            to.fill_chunks::<CHUNK, _>(|bytes| Ok(file.read(bytes)? as usize))
        })? as u32;
        self.open.advance(file, opened.position + read);
        Ok(read)
    }

    fn write(&mut self, file: File, bytes: Lease<'_, [u8]>) -> Result<u32, Fault> {
        let opened = self.open.get(file, DIRECTORY)?;
        if opened.mode == Mode::Read {
            return Err(Fault::ReadOnly);
        }
        let quota = self.quotas[usize::from(DIRECTORY)];
        let pages = |bytes| quota::pages(bytes, F::ERASE_SIZE as u32);
        let end = opened.position.saturating_add(bytes.len() as u32);
        let flags = OpenFlags::READ | OpenFlags::WRITE;
        let written = self.at_position(opened, flags, |files, file| {
            let size = file.size();
            if opened.position > size {
                return Ok(Err(Fault::PastEnd));
            }
            let more = pages(end.max(size)) - pages(size);
            if more > 0 && quota::used(files, opened.path.directory())? + more > quota {
                return Ok(Err(Fault::OverQuota));
            }
            file.seek(SeekFrom::Start(opened.position))?;
            bytes.for_each_chunk::<CHUNK, _>(|bytes| file.write(bytes).map(|_| ()))?;
            Ok(Ok(bytes.len() as u32))
        })??;
        self.open.advance(file, opened.position + written);
        Ok(written)
    }

    fn seek(&mut self, file: File, position: u32) -> Result<(), Fault> {
        self.open.get(file, DIRECTORY)?;
        self.open.advance(file, position);
        Ok(())
    }

    fn size(&mut self, file: File) -> Result<u32, Fault> {
        let opened = self.open.get(file, DIRECTORY)?;
        self.at_position(opened, OpenFlags::READ, |_, file| Ok(file.size()))
    }

    fn close(&mut self, file: File) -> Result<(), Fault> {
        self.open.get(file, DIRECTORY)?;
        self.open.close(file);
        Ok(())
    }

    fn rename(&mut self, from: Lease<'_, [u8]>, to: Lease<'_, [u8]>) -> Result<(), Fault> {
        let (from, to) = (Name::of(&from, DIRECTORY)?, Name::of(&to, DIRECTORY)?);
        self.mounted(|files| files.rename(from.as_str(), to.as_str()))
    }

    fn remove(&mut self, name: Lease<'_, [u8]>) -> Result<(), Fault> {
        let path = Name::of(&name, DIRECTORY)?;
        self.mounted(|files| files.remove(path.as_str()))
    }
}

impl<F: NorFlash, const OPEN: usize, const CLIENTS: usize> Keeper for FileSystem<F, OPEN, CLIENTS> {
    fn revoke(&mut self, process: u8) -> u32 {
        self.open.revoke(process)
    }

    fn format(&mut self) -> Result<(), Fault> {
        self.open.close_all();
        let config = self.config();
        self.mount.format(&config).map_err(fault)
    }
}

#[cfg(test)]
mod tests;
