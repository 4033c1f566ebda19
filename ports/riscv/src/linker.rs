// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses that the linker script defines.

use crossgate_abi::Word;
use crossgate_protection::Span;

unsafe extern "C" {
    static __crossgate_flash_start: u8;
    static __crossgate_flash_end: u8;
    static __crossgate_constants_start: u8;
    static __crossgate_constants_end: u8;
    static __crossgate_kernel_stack_bottom: u8;
}

/// Returns the range of the flash memory: the code of all processes.
pub fn flash() -> Span {
    Span {
        start: (&raw const __crossgate_flash_start).addr(),
        end: (&raw const __crossgate_flash_end).addr(),
    }
}

/// Returns the range at which code reads the contents of the flash memory: that of the flash, or on some chips another.
pub fn constants() -> Span {
    Span {
        start: (&raw const __crossgate_constants_start).addr(),
        end: (&raw const __crossgate_constants_end).addr(),
    }
}

/// Returns the bottom of the kernel's stack, whose lowest bytes are a guard.
pub fn kernel_stack_bottom() -> Word {
    (&raw const __crossgate_kernel_stack_bottom).addr()
}
