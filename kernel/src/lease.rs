// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leases: memory that a call may use while it runs.
//!
//! A lease belongs to one thread and one call. The lease ends with the call, even if the call fails.

use crossgate_abi::{ProcessId, WHOLE_BLOCK, Word};
use crossgate_protection::Span;

/// The maximum number of leases of a thread over all its calls, in force or suspended. The number can't exceed 15,
/// because [`InForce`] has four bits for it. The text of `TooDeep` in `abi/src/error.rs` states the number.
/// [`LEASES_PER_CALL`](crossgate_abi::LEASES_PER_CALL) is the limit for one call.
pub const LEASES: usize = 4;

/// The size in bytes of the smallest block that [`WHOLE_BLOCK`] can mean.
const SMALLEST_BLOCK: Word = 32;

/// The origin of leased memory, which decides how far the region that opens it may be rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
pub(crate) struct Source(pub ProcessId);

impl Source {
    /// A stack: the protection unit may not open a byte more than was offered. (Any other source is the shared memory
    /// of a process. There the region may be rounded up, but not beyond that shared memory.)
    pub const STACK: Source = Source(ProcessId::NOBODY);
}

/// Memory that one call of one thread may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C)]
pub struct Lease<R> {
    /// The leased memory.
    pub memory: Span,
    /// The register values with which the protection unit opens the memory.
    pub registers: R,
    /// True if it may be written.
    pub writable: bool,
    pub(crate) source: Source,
}

impl<R> Lease<R> {
    /// The offset of the start of the memory, in bytes, for a port's assembly.
    pub const START: usize = core::mem::offset_of!(Lease<R>, memory.start);
    /// The offset of the registers, in bytes, for a port's assembly.
    pub const REGISTERS: usize = core::mem::offset_of!(Lease<R>, registers);
    /// The value of the byte for the origin in a lease of a stack. (That byte comes second after the registers. The
    /// first is `writable`.)
    pub const OF_STACK: u8 = Source::STACK.0.number();

    /// Returns whether the lease is of the shared memory of `process`.
    #[must_use]
    #[inline]
    pub fn is_of(&self, process: ProcessId) -> bool {
        self.source == Source(process)
    }

    /// Returns an empty lease, for the unused entries of the table. It never opens anything.
    #[inline]
    pub(crate) const fn empty(registers: R) -> Lease<R> {
        Lease { memory: Span::EMPTY, registers, writable: false, source: Source(ProcessId::FIRST) }
    }
}

/// The leases of a thread that are in force: those of the call that it is in. The leases before them in the table
/// belong to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(transparent)]
pub struct InForce(
    // The index of the first in the upper four bits, the end of the range in the lower four.
    u8,
);

impl InForce {
    /// No leases.
    pub const NONE: InForce = InForce(0);

    /// Returns the empty range with which a callee begins.
    #[inline(always)]
    #[must_use]
    pub const fn of_callee(self) -> InForce {
        InForce(self.count() << 4 | self.count())
    }

    /// Returns these leases and one more.
    #[inline(always)]
    pub const fn and_one(self) -> InForce {
        InForce(self.0 + 1)
    }

    /// Returns the number of leases that the thread holds over all its calls.
    #[inline(always)]
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0 & 15
    }

    /// Returns the places of the leases in the table.
    #[inline(always)]
    #[must_use]
    pub const fn places(self) -> core::ops::Range<usize> {
        (self.0 >> 4) as usize..self.count() as usize
    }

    /// Returns the leases as a byte, which is 0 if the thread holds none over all its calls.
    #[inline(always)]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// Returns the memory that the two words of a lease offer; `None` if it runs over the end of the address space.
#[must_use]
#[inline]
pub fn offered(address: Word, length: Word) -> Option<Span> {
    let length = if length & WHOLE_BLOCK == 0 { length } else { block_of(length) };
    Span::new(address, length)
}

/// Returns the size of the smallest block that holds `length` bytes; 0 for a length of 0. The flag [`WHOLE_BLOCK`] in
/// `length` does not count.
#[cold]
#[inline]
pub(crate) fn block_of(length: Word) -> Word {
    let last = (length & !WHOLE_BLOCK).wrapping_sub(1) | (SMALLEST_BLOCK - 1);
    Word::MAX.unbounded_shr(last.leading_zeros()).wrapping_add(1)
}
