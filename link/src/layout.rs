// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of everything in RAM: arithmetic only.
//!
//! The [`Shape`] of the regions of the firmware's protection unit determines what can be opened. The port says it.

use crossgate_protection::{Fit, Region, Shape};
use std::cmp::Reverse;

/// The number of addresses.
pub const ADDRESSES: u64 = 1 << 32;

/// A piece of memory, from `start` up to, but not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The address of the first byte.
    pub start: u64,
    /// The address after the last byte.
    pub end: u64,
}

impl Span {
    /// Returns the length in bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Returns whether all of `inner` is in the span.
    #[must_use]
    pub fn contains(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// Returns whether any byte is in both spans.
    #[must_use]
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns the span in the type of the protection unit.
    fn addresses(self) -> crossgate_protection::Span {
        let address = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
        crossgate_protection::Span { start: address(self.start), end: address(self.end) }
    }

    fn of_addresses(span: crossgate_protection::Span) -> Span {
        Span { start: span.start as u64, end: span.end as u64 }
    }

    /// Returns a large region that is inside the span. The region may be empty.
    #[must_use]
    pub fn inside(self, shape: Shape) -> Span {
        Span::of_addresses(shape.inside(self.addresses()))
    }

    /// Returns the span that the port opens when it has to open this span: the smallest region that covers this span.
    /// The port uses the same arithmetic.
    #[must_use]
    pub fn opened(self, shape: Shape) -> Span {
        Span::of_addresses(shape.covering(self.addresses()))
    }

    /// Returns the pieces that a region of this span opens if the eighths in `closed` are left out.
    pub fn less_eighths(self, closed: u8) -> impl Iterator<Item = Span> {
        Region { span: self.addresses(), closed }.runs().map(Span::of_addresses)
    }

    /// Returns whether one region of the protection unit opens exactly this span.
    #[must_use]
    pub fn is_expressible(self, shape: Shape) -> bool {
        self.end <= ADDRESSES && shape.opens(self.addresses())
    }
}

/// The use of a piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The statics of a process.
    Process,
    /// The stack of a thread.
    Stack,
    /// The statics of the kernel, which are never open.
    Kernel,
}

/// A piece of memory that needs a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The use of the piece.
    pub kind: Kind,
    /// The number of bytes that are needed, not 0.
    pub size: u64,
    /// The least alignment of its address; a power of two.
    pub align: u64,
}

impl Piece {
    /// Returns the fit that the protection unit needs for the piece.
    fn fit(self, shape: Shape) -> Option<Fit> {
        let bytes = usize::try_from(self.size).unwrap_or(usize::MAX);
        match self.kind {
            Kind::Process => Some(shape.process(bytes)),
            Kind::Stack => Some(shape.stack(bytes)),
            Kind::Kernel => None,
        }
    }

    /// Returns the length of the memory that the piece takes.
    fn length(self, shape: Shape) -> u64 {
        self.fit(shape).map_or(self.size, |fit| fit.size as u64)
    }

    /// Returns the alignment that its address has to have.
    fn step(self, shape: Shape) -> u64 {
        self.fit(shape).map_or(self.align, |fit| self.align.max(fit.step as u64))
    }

    /// Returns the lowest place for the piece in `gap`.
    fn place(self, shape: Shape, gap: Span) -> Option<Span> {
        let step = self.step(shape);
        let mut start = gap.start.next_multiple_of(step);
        loop {
            let span = Span { start, end: start + self.length(shape) };
            if span.end > gap.end {
                return None;
            }
            if self.kind != Kind::Process || span.is_expressible(shape) {
                return Some(span);
            }
            start += step;
        }
    }
}

/// The number of bytes of memory that are missing, including losses to alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(pub u64);

/// Finds places for `pieces` in `free`, in their order, for a protection unit with regions of this shape.
///
/// All stacks are below all processes. A stack grows down, so an overflowing frame, however large it is, never reaches
/// the memory of a process. (The memory of the process is open then, so an access to it would not fault.)
///
/// Large blocks are placed first, because they have the fewest possible places. Smaller blocks then fill the holes:
/// each block goes into the hole that it fills best. The kernel's statics may be anywhere, so they also fill holes.
///
/// # Errors
/// There is not enough memory.
pub fn lay_out(shape: Shape, free: Span, pieces: &[Piece]) -> Result<Vec<Span>, Missing> {
    let is_process = |index: &usize| pieces[*index].kind == Kind::Process;
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|index| {
        let piece = pieces[*index];
        (is_process(index), Reverse((piece.step(shape), piece.length(shape))))
    });
    // The last gap has no end. So all pieces get a place, and the missing amount is known afterwards.
    let mut gaps = vec![Span { start: free.start, end: u64::MAX / 2 }];
    let mut spans = vec![Span { start: 0, end: 0 }; pieces.len()];
    let mut end_of_stacks = free.start;
    for index in order {
        let piece = pieces[index];
        if piece.kind == Kind::Process {
            gaps.retain(|gap| gap.end > end_of_stacks);
            gaps.iter_mut().for_each(|gap| gap.start = gap.start.max(end_of_stacks));
        }
        let place = |(number, gap): (usize, &Span)| Some((number, piece.place(shape, *gap)?));
        let left = |number: usize, span: Span| gaps[number].size() - span.size();
        let (number, span) = gaps
            .iter()
            .enumerate()
            .filter_map(place)
            .min_by_key(|&(number, span)| (left(number, span), span.start))
            .expect("the last gap is endless");
        spans[index] = span;
        if piece.kind == Kind::Stack {
            end_of_stacks = end_of_stacks.max(span.end);
        }
        let gap = gaps.remove(number);
        let below = Span { start: gap.start, end: span.start };
        let above = Span { start: span.end, end: gap.end };
        gaps.extend([below, above].into_iter().filter(|gap| gap.size() > 0));
    }
    let end = spans.iter().map(|span| span.end).max().unwrap_or(free.start);
    if end > free.end {
        return Err(Missing(end - free.end));
    }
    Ok(spans)
}

#[cfg(test)]
mod tests;
