// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory protection unit of ARMv7-M (ARM DDI 0403E, B3.5).
//!
//! A region is a block of 2^n bytes, n >= 5, aligned to its size. From 256 bytes on, it has eight subregions that can
//! be switched off one by one. So one region can open any eighths of such a block. Any other memory is rounded up to a
//! run of eighths.

use crate::region::{LOG2_SMALLEST_BLOCK, log2_eighth};
use crate::{Region, Shape, Span, Unit, Window};

/// The size of the smallest region, in bytes.
pub const SMALLEST_REGION: usize = 32;
/// The size of the smallest region with subregions, in bytes.
pub const SMALLEST_BLOCK: usize = 1 << LOG2_SMALLEST_BLOCK;
/// The number of subregions of a region.
const EIGHTHS: u32 = 8;

/// The memory protection unit of ARMv7-M.
#[derive(Clone, Copy, Debug)]
pub struct ArmV7M;

/// The access rights to a region, as the upper half of the attribute and size register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// Read and execute; normal memory, cached.
    Flash = 0b110 << 24 | 1 << 17,
    /// Read and write, never execute; normal memory, cached and shareable.
    ReadWrite = 1 << 28 | 0b011 << 24 | 1 << 18 | 1 << 17,
    /// Read, never execute; normal memory, cached and shareable. (The kernel may write.)
    ReadOnly = 1 << 28 | 0b010 << 24 | 1 << 18 | 1 << 17,
    /// Read and write, never execute; device memory.
    Device = 1 << 28 | 0b011 << 24 | 1 << 18 | 1 << 16,
    /// No access, not even for the kernel.
    Guard = 1 << 28,
}

impl Access {
    /// Returns the access rights to memory that is lent.
    #[inline(always)]
    #[must_use]
    pub const fn of_memory(writable: bool) -> Access {
        if writable { Access::ReadWrite } else { Access::ReadOnly }
    }
}

/// Some eighths of an aligned block, which one region can open. They form a run, unless they come from a [`Region`]
/// with gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    base: u32,
    extent: Extent,
}

impl Block {
    /// Returns the smallest run that covers `span`, which must not be empty.
    #[inline(always)]
    #[must_use]
    pub const fn covering(span: Span) -> Block {
        let extent = Extent::covering(span);
        Block { base: span.start as u32 & extent.eighth << 3, extent }
    }

    /// Returns the block that opens `region`.
    #[inline(always)]
    #[must_use]
    pub const fn of(region: Region) -> Block {
        let Block { base, extent: Extent { eighth, register } } = Block::covering(region.span);
        Block { base, extent: Extent { eighth, register: register | (region.closed as u32) << 8 } }
    }

    /// Returns the memory that the region opens, from the first byte to the last.
    #[must_use]
    pub const fn open(self) -> Span {
        let (eighth, open) =
            (self.extent.eighth.trailing_zeros(), !self.extent.register >> 8 & 0xff);
        let first = open.trailing_zeros();
        let end = u32::BITS - open.leading_zeros();
        Span {
            start: (self.base + (first << eighth)) as usize,
            end: self.base as usize + ((end as usize) << eighth),
        }
    }

    /// Returns the base address register for region `number`.
    #[inline(always)]
    #[must_use]
    pub const fn address_register(self, number: u32) -> u32 {
        self.base | 1 << 4 | number
    }

    /// Returns the attribute and size register of the region.
    #[inline(always)]
    #[must_use]
    pub const fn attribute_register(self, access: Access) -> u32 {
        access as u32 | self.extent.register
    }
}

/// The open part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    /// The bits of an address that select the eighth.
    eighth: u32,
    /// The lower half of the attribute and size register.
    register: u32,
}

impl Extent {
    /// Returns the extent of the smallest run that covers `span`.
    ///
    /// A smaller block has smaller eighths, so rounding costs least in the smallest block that holds the span.
    // Not `inline(always)`: several places use it, and the kernel contains it only once.
    #[inline]
    const fn covering(span: Span) -> Extent {
        let (first, last) = (span.start as u32, (span.end as u32).wrapping_sub(1));
        let eighth = log2_eighth(first, last);
        let below = 0x100u32 << ((first >> eighth) % EIGHTHS);
        let above = 0x200u32 << ((last >> eighth) % EIGHTHS);
        // The eighths that are closed: those below the first one, and those above the last.
        let closed = (0xff00 + below).wrapping_sub(above);
        Extent { eighth: u32::MAX.wrapping_shl(eighth), register: closed + (eighth << 1) + 5 }
    }
}

impl Unit for ArmV7M {
    /// The attribute and size register.
    type Lease = u32;
    const NO_LEASE: u32 = 0;
    const SHAPE: Shape = Shape::Eighths;

    /// Blocks of all sizes start at the bottom of a stack. So if only a small part of the stack is left, a small block
    /// with small eighths is used. At most a quarter of the rest of the stack is lost to rounding, and nested calls are
    /// not limited to eight levels. The window is given as the lower half of the attribute and size register.
    #[inline]
    fn window(stack: Span, stack_pointer: usize) -> Window {
        let left = stack_pointer.wrapping_sub(stack.start) as u32;
        let log2_eighth = log2_eighth(0, left.wrapping_sub(1));
        let eighths = left.wrapping_shr(log2_eighth);
        let disabled = 0xff00u32.wrapping_shl(eighths);
        Window {
            top: stack.start + eighths.wrapping_shl(log2_eighth) as usize,
            registers: (disabled | (log2_eighth + 2) << 1 | 1) as u16,
        }
    }

    #[inline]
    fn lease_within(limits: Span, memory: Span, writable: bool) -> Option<u32> {
        let extent = Extent::covering(memory);
        let start = memory.start & extent.eighth as usize;
        let last = (memory.end - 1) | !extent.eighth as usize;
        if limits.start > start || last >= limits.end {
            return None;
        }
        Some(Access::of_memory(writable) as u32 | extent.register)
    }
}

#[cfg(test)]
pub(crate) mod tests;
