// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses that the linker script defines.

use crossgate_abi::Word;
use crossgate_protection::Span;

unsafe extern "C" {
    static __crossgate_flash_start: u8;
    static __crossgate_flash_end: u8;
    /// The bottom of the kernel's stack, whose lowest bytes are a guard.
    pub static __crossgate_kernel_stack_bottom: u8;
}

/// Returns the range of the flash memory: the code and the constants of all processes.
#[inline(always)]
pub fn flash() -> Span {
    Span {
        start: symbol(&raw const __crossgate_flash_start),
        end: symbol(&raw const __crossgate_flash_end),
    }
}

/// Returns the address that the linker gave to a symbol.
pub fn symbol(symbol: *const u8) -> Word {
    symbol.addr()
}
