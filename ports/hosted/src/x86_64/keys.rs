// SPDX-License-Identifier: MIT OR Apache-2.0
//! Protection keys. On a CPU with protection keys, each page has a number, its key. A register of the CPU says which
//! keys are open (Intel SDM 3A, 4.6.2).

use crate::linux::failed;
use crate::linux::memory::protection;
use crate::words::{HAS_KEYS, THREAD_POINTER};
use core::sync::atomic::Ordering;
use crossgate_protection::Span;
use std::ffi::c_void;
use std::fs;

/// A protection key.
pub struct Key(u32);

impl Key {
    /// Allocates a key.
    ///
    /// # Errors
    /// If there is none left.
    pub fn new() -> Result<Key, String> {
        // SAFETY: the key is only a number to Linux.
        let key = unsafe { libc::syscall(libc::SYS_pkey_alloc, 0, 0) };
        if key < 0 {
            return Err(failed("there are no protection keys (the CPU or Linux has none)"));
        }
        Ok(Key(key as u32))
    }

    /// Returns the two bits of this key in the register of rights. If both are set, reading and writing are forbidden.
    pub fn bits(&self) -> u32 {
        0b11 << (2 * self.0)
    }

    /// Returns that bit of this key which forbids reading if it is set.
    pub fn reading(&self) -> u32 {
        0b01 << (2 * self.0)
    }

    /// Maps memory for reading and writing by code with the right to this key.
    ///
    /// # Errors
    /// If Linux refuses.
    pub fn protect(&self, span: Span) -> Result<(), String> {
        HAS_KEYS.store(1, Ordering::Relaxed);
        protect(span, self.0)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: no memory has the key any more.
        unsafe { libc::syscall(libc::SYS_pkey_free, self.0) };
    }
}

/// Maps memory for reading and writing by all code.
///
/// # Errors
/// If Linux refuses.
pub fn give_up(span: Span) -> Result<(), String> {
    protect(span, 0)
}

fn protect(span: Span, key: u32) -> Result<(), String> {
    let (start, length) = (span.start, span.length());
    // SAFETY: code that reads or writes there from now on has the right to do so.
    let result =
        unsafe { libc::syscall(libc::SYS_pkey_mprotect, start, length, protection(true), key) };
    if result == 0 { Ok(()) } else { Err(failed("memory cannot get a protection key")) }
}

/// The value of the register of rights if only the host's key is open.
pub const NO_RIGHTS: u32 = !0b11;
/// The value of the register of rights if all keys are open.
pub const ALL_RIGHTS: u32 = 0;

/// Sets the rights of protection keys. The CPU must have keys.
pub fn set_rights(rights: u32) {
    // SAFETY: with these rights, the kernel can still access all memory that it uses.
    unsafe {
        core::arch::asm!("wrpkru", in("eax") rights, in("ecx") 0, in("edx") 0, options(nostack));
    }
}

/// Returns all memory of the program that can be written now.
///
/// # Errors
/// If Linux does not list it.
pub fn writable_memory() -> Result<Vec<Span>, String> {
    let maps = fs::read_to_string("/proc/self/maps")
        .map_err(|error| format!("/proc/self/maps, which tells what memory there is: {error}"))?;
    Ok(maps.lines().filter_map(writable).collect())
}

/// Returns the memory of a line of `/proc/self/maps`, if it can be written.
fn writable(line: &str) -> Option<Span> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let span = Span { start: address(start)?, end: address(end)? };
    rest.starts_with("rw").then_some(span)
}

/// Switches restartable sequences off: with them, Linux writes into the thread's memory when it resumes the thread.
/// Linux would do this with the rights of the thread, which may not be sufficient.
pub fn stop_restartable_sequences() {
    const UNREGISTER: u32 = 1;
    /// The signature with which the C library has registered the sequences.
    const SIGNATURE: u32 = 0x5305_3053;
    // SAFETY: the names end with 0. If there are such symbols, they are these words; Linux only drops its registration.
    unsafe {
        let symbol = |name: *const libc::c_char| libc::dlsym(libc::RTLD_DEFAULT, name);
        let offset = symbol(c"__rseq_offset".as_ptr()).cast::<isize>();
        let size = symbol(c"__rseq_size".as_ptr()).cast::<u32>();
        if offset.is_null() || size.is_null() || *size == 0 {
            return;
        }
        let thread = THREAD_POINTER.load(Ordering::Relaxed) as *mut c_void;
        let area = thread.wrapping_byte_offset(*offset);
        // Before version 2.40 of the C library, this variable had the size that Linux required. Since then it has the
        // size of the used part.
        const LEAST: u32 = 32;
        libc::syscall(libc::SYS_rseq, area, (*size).max(LEAST), UNREGISTER, SIGNATURE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_can_be_written_is_found() {
        let line = "7ffd1000-7ffd3000 rw-p 00000000 00:00 0          [stack]";
        assert_eq!(writable(line), Some(Span { start: 0x7ffd_1000, end: 0x7ffd_3000 }));
        assert_eq!(writable("1000-2000 r-xp 00000000 00:00 0"), None);
        let here = Box::new(0_u8);
        let address = (&raw const *here).addr();
        let all = writable_memory().unwrap();
        assert!(all.iter().any(|span| (span.start..span.end).contains(&address)));
    }
}
