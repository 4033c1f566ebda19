// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panics. A panic is a crash of the process: the kernel records the place of the panic, and restarts or stops the
//! process.
//!
//! The record has only the place and not the message, because code that formats messages would take kilobytes in every
//! firmware.

use crate::arch::system_call;
use core::panic::PanicInfo;
use crossgate_abi::{Word, number};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line, column) = match info.location() {
        Some(location) => (location.file(), location.line(), location.column()),
        None => ("", 0, 0),
    };
    let words = [file.as_ptr().addr(), file.len(), line as Word, column as Word];
    loop {
        system_call(number::PANIC, words);
    }
}
