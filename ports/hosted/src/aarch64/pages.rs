// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sizes of pages and stacks. The linker (`crossgate_link::hosted`) knows them as well.
//!
//! On this architecture Linux has pages of 4, 16 or 64 KiB. Memory is laid out for the largest pages, so that the same
//! program runs with all of them.

/// The size of the largest page in bytes.
pub const PAGE: usize = 64 * 1024;
/// Stacks are divided at multiples of this many bytes from their end.
pub const STEP: usize = PAGE;
/// The smallest size of a stack in bytes.
pub const STACK: usize = 0x10_0000 - GUARD;
/// The size in bytes of the guard below each stack, which is never open. (An interrupt does not reach it: the handler of
/// signals stores registers only where the stack is open.)
pub const GUARD: usize = STEP;
