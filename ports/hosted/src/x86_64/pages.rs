// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sizes of pages and stacks. The linker (`crossgate_link::hosted`) knows them as well.

/// The size of a page in bytes.
pub const PAGE: usize = 4096;
/// Stacks are divided at multiples of this many bytes from their end.
pub const STEP: usize = 2 * PAGE;
/// The smallest size of a stack in bytes.
pub const STACK: usize = 0x4_0000 - GUARD;
/// The size in bytes of the guard below each stack, which is never open. It is larger than the registers that an
/// interrupt saves at once.
pub const GUARD: usize = 2 * STEP;
