// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address space: what is mapped, and what of it is open.

use super::failed;
use super::program::fatal;
use crossgate_protection::Span;
use std::ffi::c_int;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Memory that can be mapped at any address.
pub struct MemoryFile(OwnedFd);

/// A new one, of `size` bytes.
///
/// # Errors
/// There is no memory.
pub fn memory_file(size: usize) -> Result<MemoryFile, String> {
    // SAFETY: the name is a string that ends with 0.
    let file = unsafe { libc::memfd_create(c"crossgate".as_ptr(), libc::MFD_CLOEXEC) };
    if file < 0 {
        return Err(failed("no memory for the processes"));
    }
    // SAFETY: it was opened just now, and nobody else has it.
    let file = unsafe { OwnedFd::from_raw_fd(file) };
    // SAFETY: the file is open.
    if unsafe { libc::ftruncate(file.as_raw_fd(), size as i64) } != 0 {
        return Err(failed("no memory for the processes"));
    }
    Ok(MemoryFile(file))
}

impl MemoryFile {
    /// Maps a part of it, closed, in place of what is there.
    ///
    /// # Errors
    /// Linux refuses.
    pub fn map(&self, span: Span, offset: usize) -> Result<(), String> {
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let file = self.0.as_raw_fd();
        // SAFETY: what is there was reserved for this, by the linker or by `reserve`.
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

/// Takes `size` bytes of the address space, closed. Tells where.
///
/// # Errors
/// There is no room.
pub fn reserve(size: usize) -> Result<usize, String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping changes nothing that is there.
    let place = unsafe { libc::mmap(core::ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED {
        return Err(failed("no room for a stack"));
    }
    Ok(place.addr())
}

/// Replaces what is at `span` by nothing.
///
/// # Errors
/// Linux refuses.
pub fn close_for_ever(span: Span) -> Result<(), String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
    // SAFETY: the linker reserved it as the guard of a stack.
    let place =
        unsafe { libc::mmap(span.start as *mut _, span.length(), libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED { Err(failed("a stack cannot be guarded")) } else { Ok(()) }
}

/// Opens memory of processes for reading and writing, or closes it.
pub fn protect(span: Span, open: bool) {
    // SAFETY: only memory of processes comes here, which no Rust object of the kernel is in.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), protection(open)) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// The rights for `mprotect` of memory that is open for reading and writing, or closed.
pub fn protection(open: bool) -> c_int {
    if open { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE }
}

/// Has memory never written again.
pub fn make_constant(span: Span) {
    // SAFETY: who has it only reads it.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), libc::PROT_READ) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// Ends the program after `mprotect` has failed: without protection nothing may run.
pub extern "C" fn cannot_protect(result: c_int) -> ! {
    fatal(format_args!("memory cannot be protected: {}", Error::from_raw_os_error(-result)))
}
