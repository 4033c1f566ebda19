// SPDX-License-Identifier: MIT OR Apache-2.0
//! The changes of protection that a call by pages makes: the caller's memory is closed and the callee's opened, and the
//! reverse.

use crate::rounds;
use anyhow::{Context, Result};
use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::mm::{MprotectFlags, mprotect};
use std::fs::File;
use std::time::Duration;

/// A page in bytes.
const PAGE: usize = 4096;

/// Memory that is opened and closed, in a mapping of its own.
struct Memory(MmapRaw);

impl Memory {
    fn new() -> Result<Memory> {
        let file = File::from(memfd_create("memory", MemfdFlags::empty())?);
        file.set_len(PAGE as u64)?;
        Ok(Memory(MmapRaw::map_raw(&file).context("cannot map memory")?))
    }

    fn protect(&self, flags: MprotectFlags) -> Result<()> {
        // SAFETY: there is no reference to the memory, and it is used only where it is open.
        Ok(unsafe { mprotect(self.0.as_mut_ptr().cast(), PAGE, flags) }?)
    }

    fn close(&self) -> Result<()> {
        self.protect(MprotectFlags::empty())
    }

    /// Opens the memory, and uses it.
    fn open(&self) -> Result<()> {
        self.protect(MprotectFlags::READ | MprotectFlags::WRITE)?;
        // SAFETY: the memory is open, and is a page long.
        unsafe { self.0.as_mut_ptr().write_volatile(1) };
        Ok(())
    }
}

/// Makes the changes of all rounds.
pub fn open_and_close() -> Result<Duration> {
    let (caller, callee) = (Memory::new()?, Memory::new()?);
    callee.close()?;
    rounds(|| {
        caller.close()?;
        callee.open()?;
        callee.close()?;
        caller.open()
    })
}
