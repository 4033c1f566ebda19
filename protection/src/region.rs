// SPDX-License-Identifier: MIT OR Apache-2.0
//! One region, and the memory that it opens.

use crate::Span;

/// log2 of the size of the smallest region with subregions, in bytes.
pub(crate) const LOG2_SMALLEST_BLOCK: u32 = 8;

/// The memory that one region opens: a span, perhaps with gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The memory from the first open byte to the last open byte. If this last byte is the last byte of a 32-bit
    /// address space, the end is 0 on a machine with addresses of 32 bits.
    pub span: Span,
    /// The closed eighths of the smallest block that holds the span: bit n stands for eighth n. It is 0 unless the unit
    /// has [eighths](crate::Shape::Eighths).
    pub closed: u8,
}

impl Region {
    pub(crate) const NONE: Region = Region { span: Span::EMPTY, closed: 0 };

    /// Returns whether the byte at `address` is open.
    #[must_use]
    pub const fn opens(self, address: usize) -> bool {
        let (first, last) = ends(self.span);
        let address = address as u32;
        let eighth = (address >> log2_eighth(first, last)) % u8::BITS;
        first <= address && address <= last && self.closed >> eighth & 1 == 0
    }

    /// Returns the memory that is open, in order: spans with gaps between them.
    pub fn runs(self) -> impl Iterator<Item = Span> {
        let (first, last) = ends(self.span);
        let eighth = log2_eighth(first, last);
        let base = first >> eighth & !7;
        let mut open = !self.closed;
        core::iter::from_fn(move || {
            let start = open.trailing_zeros();
            let end = start + (open.checked_shr(start)?).trailing_ones();
            // The lowest ones become 0.
            open &= open.wrapping_add(1 << start);
            let start = ((base + start) << eighth).max(first);
            let last = ((base + end).wrapping_shl(eighth).wrapping_sub(1)).min(last);
            Some(Span { start: start as usize, end: (last as usize).wrapping_add(1) })
        })
    }
}

/// Returns log2 of the size of the eighths of the smallest block that holds two addresses.
#[inline(always)]
pub(crate) const fn log2_eighth(first: u32, last: u32) -> u32 {
    29 - ((first ^ last) | 1 << (LOG2_SMALLEST_BLOCK - 1)).leading_zeros()
}

/// Returns the first and the last address of a span.
pub(crate) const fn ends(span: Span) -> (u32, u32) {
    (span.start as u32, span.end.wrapping_sub(1) as u32)
}
