// SPDX-License-Identifier: MIT OR Apache-2.0
//! The physical memory protection of RISC-V (The RISC-V Instruction Set Manual, Volume II, 3.7).
//!
//! An entry that matches the *top of range* opens all memory from the address of the entry before it up to its own
//! address. So a region takes two entries, and is a run of granules of 4 bytes, at any start and of any length. (The
//! manual allows cores with larger granules. A port has to refuse such cores.) A stack is divided in granules of 16
//! bytes, to which the calling convention aligns stacks.
//!
//! If several entries match an access, the entry with the lowest number decides. Memory that no entry matches is closed
//! to user mode.

use crate::{Granules, Span};

/// The size of a granule in bytes.
pub const GRANULE: usize = 4;
/// The size of the granules of a stack in bytes.
pub const STACK_GRANULE: usize = 16;

/// A bit of the configuration of an entry: the memory may be read.
const READ: u8 = 1 << 0;
/// A bit of the configuration of an entry: the memory may be written.
const WRITE: u8 = 1 << 1;
/// A bit of the configuration of an entry: the entry matches the top of a range.
const TOP_OF_RANGE: u8 = 1 << 3;

/// Physical memory protection.
#[derive(Clone, Copy, Debug)]
pub struct Pmp;

/// The two entries of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The address registers of both entries. They hold addresses divided by four. The first entry itself is off.
    pub addresses: [u32; 2],
    /// The configuration of the second entry.
    pub configuration: u8,
}

impl Range {
    /// The configuration of memory that may be read. In that of memory that may also be written, bit 1 is set too.
    pub const TO_READ: u8 = TOP_OF_RANGE | READ;
    /// The entries of no memory: both are off.
    pub const NONE: Range = Range { addresses: [0; 2], configuration: 0 };

    /// Returns the entries that open the granules of `span` to reading and writing, or to reading only.
    #[must_use]
    pub const fn covering(span: Span, writable: bool) -> Range {
        let (start, end) = (span.start & !(GRANULE - 1), span.end.next_multiple_of(GRANULE));
        let write = if writable { WRITE } else { 0 };
        Range {
            addresses: [(start >> 2) as u32, (end >> 2) as u32],
            configuration: Self::TO_READ | write,
        }
    }
}

/// Returns the entries that open a [window](crate::Unit::window) of the stack from `start`.
#[must_use]
pub const fn window_range(start: usize, granules: u16) -> Range {
    Range::covering(Span { start, end: start + granules as usize * STACK_GRANULE }, true)
}

impl Granules for Pmp {
    const GRANULE: usize = GRANULE;
    const STACK_GRANULE: usize = STACK_GRANULE;
    type Lease = Range;
    const NO_LEASE: Range = Range::NONE;

    fn lease(memory: Span, writable: bool) -> Range {
        Range::covering(memory, writable)
    }
}
