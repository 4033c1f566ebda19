// SPDX-License-Identifier: MIT OR Apache-2.0
//! A panic is a crash of the process: nothing is formatted, unwound or allocated, as on a microcontroller.

use crate::start::system_call;
use crate::words::is_user;
use core::panic::PanicInfo;
use crossgate_abi::number;

unsafe extern "Rust" {
    /// The panic of the Rust library.
    safe fn __crossgate_host_panic(info: &PanicInfo) -> !;
}

/// Every panic comes here: the linker wrapper sees to it (`crossgate_link::hosted`).
#[unsafe(no_mangle)]
fn __crossgate_panic(info: &PanicInfo) -> ! {
    if !is_user() {
        __crossgate_host_panic(info);
    }
    match info.location() {
        Some(location) => tell(location.file(), location.line()),
        None => tell("", 0),
    }
}

/// A process wanted memory of the host's heap: this is what its record tells as the place.
pub fn process_has_no_heap() -> ! {
    tell("an allocation: a process has no heap", 0)
}

fn tell(file: &str, line: u32) -> ! {
    loop {
        system_call(number::PANIC, [file.as_ptr().addr(), file.len(), line as usize]);
    }
}
