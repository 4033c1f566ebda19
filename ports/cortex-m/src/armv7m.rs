//! What the memory protection unit of ARMv7-M can express (ARM DDI 0403E, B3.5).
//!
//! A region is 2^n bytes, n >= 5, and aligned to its size. From 256 bytes on it has eight
//! subregions that can be switched off one by one. So a piece of memory that is a run of eighths of
//! such a block needs one region; any other piece is rounded to that.

use crossgate_kernel::memory::Span;
use crossgate_kernel::port::Window;

/// log2 of the smallest region with subregions, in bytes.
const SMALLEST_BLOCK: u32 = 8;
/// Subregions of a region.
const EIGHTHS: u32 = 8;

/// Who may do what in a region, as the upper half of the attribute and size register.
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
    /// Nothing, not even for the kernel.
    Guard = 1 << 28,
}

impl Access {
    /// To memory that is lent.
    #[inline(always)]
    #[must_use]
    pub const fn of_memory(writable: bool) -> Access {
        if writable { Access::ReadWrite } else { Access::ReadOnly }
    }
}

/// A run of eighths of an aligned block: what one region can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    base: u32,
    extent: Extent,
}

impl Block {
    /// The smallest run that covers `span`, which must not be empty.
    #[inline(always)]
    #[must_use]
    pub const fn covering(span: Span) -> Block {
        let extent = Extent::covering(span);
        Block { base: span.start as u32 & extent.eighth << 3, extent }
    }

    /// The memory that is open in it.
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

    /// The region's base address register for region `number`.
    #[inline(always)]
    #[must_use]
    pub const fn address_register(self, number: u32) -> u32 {
        self.base | 1 << 4 | number
    }

    /// The region's attribute and size register.
    #[inline(always)]
    #[must_use]
    pub const fn attribute_register(self, access: Access) -> u32 {
        access as u32 | self.extent.register
    }
}

/// How much of a block is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    /// The bits of an address that say in which eighth it is.
    eighth: u32,
    /// The lower half of the attribute and size register.
    register: u32,
}

impl Extent {
    /// That of the smallest run that covers `span`.
    ///
    /// A smaller block has smaller eighths, so the smallest block that holds the span rounds least.
    // Once in the kernel: it is needed in several places.
    #[inline(never)]
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

/// log2 of the eighths of the smallest block that holds two addresses.
#[inline(always)]
const fn log2_eighth(first: u32, last: u32) -> u32 {
    29 - ((first ^ last) | 1 << (SMALLEST_BLOCK - 1)).leading_zeros()
}

/// The attribute and size register of a region that opens `memory`, which must not be empty, and nothing outside
/// `limits`; `None` if there is no such region.
#[inline(always)]
#[must_use]
pub const fn lease_within(limits: Span, memory: Span, access: Access) -> Option<u32> {
    let extent = Extent::covering(memory);
    let start = memory.start & extent.eighth as usize;
    let last = (memory.end - 1) | !extent.eighth as usize;
    if limits.start > start || last >= limits.end {
        return None;
    }
    Some(access as u32 | extent.register)
}

/// What is open to a callee when everything from `stack_pointer` up is closed. With the end of a
/// stack, whose size is a multiple of an eighth of the next power of two, that is all of it.
///
/// The blocks that start at the bottom of a stack (which is aligned to the next power of two of its
/// size) halve on the way down, so the eighths become finer the less stack is left: at most a
/// quarter of what is left is lost to rounding, and nesting is not limited to eight levels.
#[inline(always)]
#[must_use]
pub const fn window(stack: Span, stack_pointer: usize) -> Window {
    let left = stack_pointer.wrapping_sub(stack.start) as u32;
    let log2_eighth = log2_eighth(0, left.wrapping_sub(1));
    let eighths = left.wrapping_shr(log2_eighth);
    let disabled = 0xff00u32.wrapping_shl(eighths);
    Window {
        top: stack.start + eighths.wrapping_shl(log2_eighth) as usize,
        registers: (disabled | (log2_eighth + 2) << 1 | 1) as u16,
    }
}

#[cfg(test)]
mod tests;
