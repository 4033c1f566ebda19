// SPDX-License-Identifier: MIT OR Apache-2.0
//! The notes by which the referee gets control.

use super::super::slots::START;
use super::registers::{FREE, Registers};
use core::mem::offset_of;

/// The number of interrupt lines. (Line 0 does not exist.)
pub const LINES: usize = 32;

/// The notes.
#[repr(C)]
pub struct Notes {
    /// The registers with which the kernel starts, then those with which it stops.
    pub registers: Registers,
    /// The addresses in the protection unit while the kernel runs, of the entries that the kernel changes.
    pub addresses: [u32; 12],
    /// The first instruction of the kernel's handler.
    pub first: [u16; 2],
    /// The values of the [`FREE`] registers when the fast path gave up.
    pub left: Option<[u32; FREE.len()]>,
    /// The stack pointer of the referee while the kernel runs, else 0.
    pub waiting: usize,
}

/// Returns the notes.
pub fn notes() -> &'static mut Notes {
    let place = core::ptr::with_exposed_provenance_mut::<Notes>(START);
    // SAFETY: as for the arena, of which the notes are the first field.
    unsafe { &mut *place }
}

/// Addresses for assembly.
pub const NOTES: usize = START;
pub const CAUSE: usize = offset_of!(Notes, registers) + offset_of!(Registers, cause);
pub const SCRATCH: usize = offset_of!(Notes, registers) + offset_of!(Registers, scratch);
pub const STATUS: usize = offset_of!(Notes, registers) + offset_of!(Registers, status);
pub const WAITING: usize = offset_of!(Notes, waiting);
