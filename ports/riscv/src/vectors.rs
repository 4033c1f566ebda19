// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address of the kernel's handler of traps, in the form of the register `mtvec`.

use crate::entry::DefaultHandler;

/// Returns the value of `mtvec` by which every trap enters the kernel's handler.
#[cfg(not(feature = "vectored"))]
pub fn handler() -> usize {
    DefaultHandler as unsafe extern "C" fn() as usize
}

/// Returns the value of `mtvec` by which every trap enters the kernel's handler, through a table of vectors. The
/// lowest bit says that there is a table.
#[cfg(feature = "vectored")]
pub fn handler() -> usize {
    __crossgate_vectors as unsafe extern "C" fn() as usize | 1
}

/// The table of vectors: the first one is for exceptions, and interrupt number n takes vector n. All lead to the same
/// handler, which reads the cause.
///
/// In, out: as for [`DefaultHandler`]. (The check of images knows its name.)
#[cfg(feature = "vectored")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn __crossgate_vectors() {
    core::arch::naked_asm!(
        // Such cores ignore the lowest 8 bits of the address.
        ".balign 256",
        ".option push",
        // A vector is 4 bytes long.
        ".option norvc",
        ".rept 32",
        "j {handler}",
        ".endr",
        ".option pop",
        handler = sym DefaultHandler,
    )
}
