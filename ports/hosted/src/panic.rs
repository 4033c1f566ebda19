// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panics. A panic is a crash of the process. As on a microcontroller, nothing is formatted, unwound or allocated.

use crate::gate::system_call;
use crate::words::is_user;
use core::panic::PanicInfo;
use crossgate_abi::number;

unsafe extern "Rust" {
    /// The panic function of the Rust library.
    safe fn __crossgate_host_panic(info: &PanicInfo) -> !;
}

/// Handles every panic. The linker wrapper redirects panics to this function (`crossgate_link::hosted`).
#[unsafe(no_mangle)]
fn __crossgate_panic(info: &PanicInfo) -> ! {
    if !is_user() {
        __crossgate_host_panic(info);
    }
    match info.location() {
        Some(location) => tell(location.file(), location.line() as usize),
        None => tell("", 0),
    }
}

/// Panics because a process without a heap has allocated memory. The record of the crash has this place in the source.
pub fn process_has_no_heap() -> ! {
    tell("an allocation: a process has no heap", 0)
}

/// Panics with this place.
pub fn tell(file: &str, line: usize) -> ! {
    loop {
        system_call(number::PANIC, [file.as_ptr().addr(), file.len(), line]);
    }
}
