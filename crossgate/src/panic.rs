// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panics. A panic is a crash of the process: the kernel takes the process down and records the place.
//!
//! The record has only the place, not the message, because formatting would cost every firmware kilobytes.

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
