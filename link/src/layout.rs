//! Where in RAM everything lies: arithmetic only.
//!
//! The memory protection unit of ARMv7-M opens runs of eighths of a block, which is a power of two
//! of at least 256 bytes and aligned to its size (it also knows smaller regions, but what they can
//! do, eighths of 256 bytes do too). So a process whose statics are `n` bytes gets the eighths it
//! needs of a block of the next power of two: less than an eighth of the block is lost.

use crossgate_cortex_m::armv7m::Block;
use std::cmp::Reverse;

/// How many addresses there are.
pub const ADDRESSES: u64 = 1 << 32;
/// The smallest block that has eighths, in bytes.
pub const SMALLEST_BLOCK: u64 = 256;
/// Parts of a block that are opened one by one.
pub const EIGHTHS: u64 = 8;

/// A piece of memory, from `start` up to and without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The address of the first byte.
    pub start: u64,
    /// The address after the last byte.
    pub end: u64,
}

impl Span {
    /// Length in bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether all of `inner` is in it.
    #[must_use]
    pub fn contains(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// Whether there is a byte that is in both.
    #[must_use]
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The run of eighths of the same block that is inside of it; it may be empty.
    #[must_use]
    pub fn inside(self) -> Span {
        let differing = self.start ^ self.end.saturating_sub(1);
        let block = differing.checked_add(1).unwrap_or(ADDRESSES).next_power_of_two();
        let eighth = block.max(SMALLEST_BLOCK) / EIGHTHS;
        Span { start: self.start.next_multiple_of(eighth), end: self.end / eighth * eighth }
    }

    /// What the port opens if it is told to open this: the smallest region that covers it. By the very
    /// arithmetic of the port.
    #[must_use]
    pub fn opened(self) -> Span {
        let address = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
        let (start, end) = (address(self.start), address(self.end));
        let open = Block::covering(crossgate_kernel::memory::Span { start, end }).open();
        Span { start: open.start as u64, end: open.end as u64 }
    }

    /// Whether one region of the protection unit opens exactly this.
    #[must_use]
    pub fn is_expressible(self) -> bool {
        self.start < self.end && self.end <= ADDRESSES && self.opened() == self
    }
}

/// What a piece of memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The statics of a process.
    Process,
    /// The stack of a thread. It starts where a block starts, as the kernel narrows it by leaving
    /// out more and more eighths from its top.
    Stack,
    /// The statics of the kernel, which are never open.
    Kernel,
}

/// A piece of memory that needs a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is for.
    pub kind: Kind,
    /// How many bytes are needed, not 0.
    pub size: u64,
    /// What its address is a multiple of, at least; a power of two.
    pub align: u64,
}

impl Piece {
    /// The length of the block that it is cut from.
    fn block(self) -> u64 {
        self.size.next_power_of_two().max(SMALLEST_BLOCK)
    }

    /// How much memory it takes.
    fn length(self) -> u64 {
        match self.kind {
            Kind::Process => self.size.next_multiple_of(self.block() / EIGHTHS),
            Kind::Stack | Kind::Kernel => self.size,
        }
    }

    /// What its address has to be a multiple of.
    fn step(self) -> u64 {
        match self.kind {
            Kind::Process => self.align.max(self.block() / EIGHTHS),
            Kind::Stack => self.align.max(self.block()),
            Kind::Kernel => self.align,
        }
    }

    /// The lowest place for it in `gap`.
    fn place(self, gap: Span) -> Option<Span> {
        let mut start = gap.start.next_multiple_of(self.step());
        loop {
            let span = Span { start, end: start + self.length() };
            if span.end > gap.end {
                return None;
            }
            if self.kind != Kind::Process || span.is_expressible() {
                return Some(span);
            }
            start += self.step();
        }
    }
}

/// How many bytes of memory are missing, with what is lost to alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(pub u64);

/// Finds places for `pieces` in `free`, in their order.
///
/// All stacks are below all processes: a frame is below what the stack held before, however large it is, so
/// one that is too large is never in the memory of a process, which is open then.
///
/// Large blocks come first, because they have the fewest places to go; the smaller ones then fill
/// the holes, each the one that it fills best. The kernel's statics, which may be anywhere, fill holes too.
///
/// # Errors
/// There is not enough memory.
pub fn lay_out(free: Span, pieces: &[Piece]) -> Result<Vec<Span>, Missing> {
    let is_process = |index: &usize| pieces[*index].kind == Kind::Process;
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|index| {
        let piece = pieces[*index];
        (is_process(index), Reverse((piece.step(), piece.length())))
    });
    // With no end to the memory all pieces have a place, so how much is missing is known.
    let mut gaps = vec![Span { start: free.start, end: u64::MAX / 2 }];
    let mut spans = vec![Span { start: 0, end: 0 }; pieces.len()];
    let mut end_of_stacks = free.start;
    for index in order {
        let piece = pieces[index];
        if piece.kind == Kind::Process {
            gaps.retain(|gap| gap.end > end_of_stacks);
            gaps.iter_mut().for_each(|gap| gap.start = gap.start.max(end_of_stacks));
        }
        let place = |(number, gap): (usize, &Span)| Some((number, piece.place(*gap)?));
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
