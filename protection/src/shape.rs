// SPDX-License-Identifier: MIT OR Apache-2.0
//! The geometry of protection units: the memory that one region can open, and the places that memory needs.

use crate::Span;
use crate::region::{LOG2_SMALLEST_BLOCK, ends, log2_eighth};

/// The number of subregions of a region of ARMv7-M.
const EIGHTHS: usize = 8;
/// The size of the smallest run of eighths that can be lent, in bytes: that of the smallest region of ARMv7-M.
const SMALLEST_SHARED: usize = 32;

/// The memory that one region of a unit can open.
///
/// A port says by a [code](Self::code) which shape its unit has, and the linker lays memory out accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A run of granules, at any start and of any length.
    Run {
        /// The size of a granule in bytes, a power of two.
        granule: usize,
        /// The size in bytes of the granules of a stack, a power of two, at least `granule`. A window of a stack is a
        /// run of these granules.
        stack_granule: usize,
    },
    /// Any eighths of an aligned block of a power of two, at least [`SMALLEST_BLOCK`](crate::armv7m::SMALLEST_BLOCK).
    Eighths,
    /// An aligned block of a power of two. In a stack, a second region can close an aligned block at the top.
    PowersOfTwo {
        /// The size of the smallest block in bytes, a power of two.
        smallest: usize,
    },
}

/// The size and alignment that memory needs so that a region can open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The length in bytes.
    pub size: usize,
    /// The alignment of the address, a power of two.
    pub step: usize,
}

impl Shape {
    /// Returns the fit of the smallest memory of at least `bytes` bytes that one region can open exactly. A region
    /// [opens](Self::opens) this memory at some multiples of the step, but perhaps not at each of them. Let n be the
    /// size, rounded up to a power of two: each run of 2n bytes contains a suitable address.
    #[must_use]
    pub const fn process(self, bytes: usize) -> Fit {
        match self {
            Shape::Run { granule, .. } => run(bytes, granule),
            Shape::Eighths => {
                // The memory is a run of eighths of the smallest block that can hold it. Less than one eighth is lost.
                let eighth = block(bytes) / EIGHTHS;
                Fit { size: bytes.next_multiple_of(eighth), step: eighth }
            }
            Shape::PowersOfTwo { smallest } => power_of_two(bytes, smallest),
        }
    }

    /// Returns the fit of a stack, of which a part from the bottom up can be [opened](crate::Unit::window). At each
    /// multiple of the step, the window can be the whole stack.
    #[must_use]
    pub const fn stack(self, bytes: usize) -> Fit {
        match self {
            Shape::Run { stack_granule, .. } => run(bytes, stack_granule),
            // The stack starts where a block starts, because the kernel narrows the region of the stack from the top,
            // eighth by eighth.
            Shape::Eighths => Fit { step: block(bytes), ..self.process(bytes) },
            Shape::PowersOfTwo { smallest } => {
                let whole = power_of_two(bytes, smallest);
                let closed = (whole.size - bytes) / smallest;
                // The closed block is the largest that the stack does not need.
                let closed = if closed == 0 { 0 } else { smallest << closed.ilog2() };
                Fit { size: whole.size - closed, ..whole }
            }
        }
    }

    /// Returns the fit of memory that is lent in parts. The region for any part opens nothing outside of the memory.
    #[must_use]
    pub const fn shared(self, bytes: usize) -> Fit {
        match self {
            Shape::Run { granule, .. } => run(bytes, granule),
            Shape::Eighths => {
                // A lent part is rounded to eighths of an aligned power of two, so the whole memory has to be a run of
                // such eighths.
                let block = bytes.next_power_of_two();
                let eighth = block / EIGHTHS;
                let eighth = if eighth < SMALLEST_SHARED { SMALLEST_SHARED } else { eighth };
                let step = if block < eighth { eighth } else { block };
                Fit { size: bytes.next_multiple_of(eighth), step }
            }
            Shape::PowersOfTwo { smallest } => power_of_two(bytes, smallest),
        }
    }

    /// Returns the smallest region that holds all of `memory`, which must not be empty.
    // (Inlined, it has no division in the kernel, which knows the granule when it is compiled.)
    #[must_use]
    #[inline(always)]
    pub const fn covering(self, memory: Span) -> Span {
        let (first, last) = ends(memory);
        let granule = match self {
            Shape::Run { granule, .. } => granule,
            Shape::Eighths => 1 << log2_eighth(first, last),
            Shape::PowersOfTwo { smallest } => {
                let differing = (first ^ last) as usize;
                let size = (differing + 1).next_power_of_two();
                if size < smallest { smallest } else { size }
            }
        };
        Span { start: memory.start & !(granule - 1), end: memory.end.next_multiple_of(granule) }
    }

    /// Returns whether one region opens exactly this memory. No region is empty.
    #[must_use]
    pub const fn opens(self, memory: Span) -> bool {
        if memory.is_empty() {
            return false;
        }
        let open = self.covering(memory);
        open.start == memory.start && open.end == memory.end
    }

    /// Returns a large region that is inside `memory`: for runs and eighths, all granules or eighths that are
    /// completely inside; for powers of two, the largest block. It may be empty.
    #[must_use]
    pub const fn inside(self, memory: Span) -> Span {
        let granule = match self {
            Shape::Run { granule, .. } => granule,
            Shape::Eighths => {
                let (first, last) = ends(memory);
                1 << log2_eighth(first, last)
            }
            Shape::PowersOfTwo { smallest } => {
                let mut size = (memory.length() + 1).next_power_of_two() / 2;
                while size >= smallest {
                    let start = memory.start.next_multiple_of(size);
                    if start + size <= memory.end {
                        return Span { start, end: start + size };
                    }
                    size /= 2;
                }
                return Span::EMPTY;
            }
        };
        Span { start: memory.start.next_multiple_of(granule), end: memory.end & !(granule - 1) }
    }

    /// Returns the shape as a number, never 0. The object file of a port has it as the value of a symbol.
    #[must_use]
    pub const fn code(self) -> u32 {
        let (kind, first, second) = match self {
            Shape::Run { granule, stack_granule } => (RUN, granule, stack_granule),
            Shape::Eighths => (EIGHTHS_OF_BLOCKS, 1, 1),
            Shape::PowersOfTwo { smallest } => (POWERS_OF_TWO, smallest, 1),
        };
        kind | first.trailing_zeros() << 8 | second.trailing_zeros() << 16
    }

    /// Returns the shape of this code; `None` if no shape has it.
    #[must_use]
    pub const fn of_code(code: u32) -> Option<Shape> {
        let (first, second) = (1 << (code >> 8 & 31), 1 << (code >> 16 & 31));
        let shape = match code & 0xff {
            RUN => Shape::Run { granule: first, stack_granule: second },
            EIGHTHS_OF_BLOCKS => Shape::Eighths,
            POWERS_OF_TWO => Shape::PowersOfTwo { smallest: first },
            _ => return None,
        };
        if shape.code() == code { Some(shape) } else { None }
    }
}

/// The lowest byte of a [code](Shape::code).
const RUN: u32 = 1;
const EIGHTHS_OF_BLOCKS: u32 = 2;
const POWERS_OF_TWO: u32 = 3;

const fn run(bytes: usize, granule: usize) -> Fit {
    Fit { size: bytes.next_multiple_of(granule), step: granule }
}

const fn power_of_two(bytes: usize, smallest: usize) -> Fit {
    let size = bytes.next_power_of_two();
    let size = if size < smallest { smallest } else { size };
    Fit { size, step: size }
}

/// Returns the size of the smallest block with subregions that can hold this number of bytes.
#[inline]
const fn block(bytes: usize) -> usize {
    let block = bytes.next_power_of_two();
    let smallest = 1 << LOG2_SMALLEST_BLOCK;
    if block < smallest { smallest } else { block }
}
