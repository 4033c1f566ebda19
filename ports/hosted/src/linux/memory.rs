// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address space: mapped memory, and its open parts.

use super::failed;
use super::program::fatal;
use crossgate_protection::Span;
use std::ffi::c_int;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Memory that can be mapped at any address.
pub struct MemoryFile(OwnedFd);

/// Creates a file of `size` bytes.
///
/// # Errors
/// If there is no memory.
pub fn memory_file(size: usize) -> Result<MemoryFile, String> {
    // SAFETY: the name is a string that ends with 0.
    let file = unsafe { libc::memfd_create(c"crossgate".as_ptr(), libc::MFD_CLOEXEC) };
    if file < 0 {
        return Err(failed("no memory for the processes"));
    }
    // SAFETY: the file was opened just now, and nothing else owns it.
    let file = unsafe { OwnedFd::from_raw_fd(file) };
    // SAFETY: the file is open.
    if unsafe { libc::ftruncate(file.as_raw_fd(), size as i64) } != 0 {
        return Err(failed("no memory for the processes"));
    }
    Ok(MemoryFile(file))
}

impl MemoryFile {
    /// Maps a part of the file in place of the present mapping. It is closed at first.
    ///
    /// # Errors
    /// If Linux refuses.
    pub fn map(&self, span: Span, offset: usize) -> Result<(), String> {
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let file = self.0.as_raw_fd();
        // SAFETY: the linker or `reserve` has reserved the memory for this.
        let place = unsafe {
            libc::mmap(
                span.start as *mut _,
                span.length(),
                libc::PROT_NONE,
                flags,
                file,
                offset as i64,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(failed("a process' memory cannot be mapped"));
        }
        Ok(())
    }
}

/// Reserves `size` bytes of the address space, which are closed. Returns their address.
///
/// # Errors
/// If there is no room.
pub fn reserve(size: usize) -> Result<usize, String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping does not change existing ones.
    let place = unsafe { libc::mmap(core::ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED {
        return Err(failed("no room for a stack"));
    }
    Ok(place.addr())
}

/// Replaces the mapping at `span` by memory that can never be accessed.
///
/// # Errors
/// If Linux refuses.
pub fn close_for_ever(span: Span) -> Result<(), String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
    // SAFETY: the linker reserved the memory as the guard of a stack.
    let place =
        unsafe { libc::mmap(span.start as *mut _, span.length(), libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED { Err(failed("a stack cannot be guarded")) } else { Ok(()) }
}

/// Opens memory of processes for reading and writing, or closes it.
pub fn protect(span: Span, open: bool) {
    // SAFETY: only memory of processes is passed, which contains no Rust object of the kernel.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), protection(open)) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// Returns the rights for `mprotect` of memory that is open for reading and writing, or closed.
pub fn protection(open: bool) -> c_int {
    if open { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE }
}

/// Makes memory read-only for ever.
pub fn make_constant(span: Span) {
    // SAFETY: its owners only read it.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), libc::PROT_READ) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// Ends the program after `mprotect` has failed, because no code may run without protection.
pub extern "C" fn cannot_protect(result: c_int) -> ! {
    fatal(format_args!("memory cannot be protected: {}", Error::from_raw_os_error(-result)))
}
