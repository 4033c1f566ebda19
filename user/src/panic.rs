//! A panic is a fault of the process: the kernel stops it and remembers where.
//!
//! Only the place is told, not the message: formatting would cost every firmware kilobytes.

use crate::arch::system_call;
use core::panic::PanicInfo;
use crossgate_abi::number;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line) = match info.location() {
        Some(location) => (location.file(), location.line() as usize),
        None => ("", 0),
    };
    loop {
        system_call(number::PANIC, [file.as_ptr().addr(), file.len(), line]);
    }
}
