//! Where in RAM everything lies: arithmetic only.
//!
//! The memory protection unit of ARMv7-M opens runs of eighths of a block, which is a power of two
//! of at least 256 bytes and aligned to its size (it also knows smaller regions, but what they can
//! do, eighths of 256 bytes do too). So a process whose statics are `n` bytes gets the eighths it
//! needs of a block of the next power of two: less than an eighth of the block is lost.

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

    /// Whether one region of the protection unit opens exactly this.
    #[must_use]
    pub fn is_expressible(self) -> bool {
        let block = self.block();
        self.start < self.end
            && self.start.is_multiple_of(block / EIGHTHS)
            && self.end.is_multiple_of(block / EIGHTHS)
    }

    /// The length of the smallest block that holds it.
    fn block(self) -> u64 {
        let differing = self.start ^ (self.end - 1);
        differing.checked_add(1).unwrap_or(1 << 63).next_power_of_two().max(SMALLEST_BLOCK)
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
            Kind::Stack => self.size,
        }
    }

    /// What its address has to be a multiple of.
    fn step(self) -> u64 {
        match self.kind {
            Kind::Process => self.align.max(self.block() / EIGHTHS),
            Kind::Stack => self.align.max(self.block()),
        }
    }

    /// The lowest place for it in `gap`.
    fn place(self, gap: Gap) -> Option<Span> {
        let mut start = gap.span.start.next_multiple_of(self.step());
        loop {
            let span = Span { start, end: start + self.length() };
            if span.end > gap.span.end {
                return None;
            }
            if self.fits(span, gap) {
                return Some(span);
            }
            start += self.step();
        }
    }

    fn fits(self, span: Span, gap: Gap) -> bool {
        match self.kind {
            Kind::Process => {
                span.is_expressible() && !(gap.below_stack && span.end == gap.span.end)
            }
            Kind::Stack => !(gap.above_process && span.start == gap.span.start),
        }
    }
}

/// Memory that is free.
///
/// A stack that overflows must not run into a process' memory, which may be open at that time, so
/// no stack lies right above a process.
#[derive(Clone, Copy, Debug)]
struct Gap {
    span: Span,
    above_process: bool,
    below_stack: bool,
}

/// How many bytes of memory are missing, with what is lost to alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(pub u64);

/// Finds places for `pieces` in `free`, in their order.
///
/// Large blocks come first, because they have the fewest places to go; the smaller ones then fill
/// the holes, each the one that it fills best.
///
/// # Errors
/// There is not enough memory.
pub fn lay_out(free: Span, pieces: &[Piece]) -> Result<Vec<Span>, Missing> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&index| {
        let piece = pieces[index];
        std::cmp::Reverse((piece.step(), piece.length()))
    });
    // With no end to the memory all pieces have a place, so how much is missing is known.
    let endless = Span { start: free.start, end: u64::MAX / 2 };
    let mut gaps = vec![Gap { span: endless, above_process: false, below_stack: false }];
    let mut spans = vec![Span { start: 0, end: 0 }; pieces.len()];
    for index in order {
        let piece = pieces[index];
        let place = |(number, gap): (usize, &Gap)| Some((number, piece.place(*gap)?));
        let left = |number: usize, span: Span| gaps[number].span.size() - span.size();
        let (number, span) = gaps
            .iter()
            .enumerate()
            .filter_map(place)
            .min_by_key(|&(number, span)| (left(number, span), span.start))
            .expect("the last gap is endless");
        spans[index] = span;
        let gap = gaps.remove(number);
        let is_process = piece.kind == Kind::Process;
        let below = Gap {
            span: Span { start: gap.span.start, end: span.start },
            below_stack: !is_process,
            ..gap
        };
        let above = Gap {
            span: Span { start: span.end, end: gap.span.end },
            above_process: is_process,
            ..gap
        };
        gaps.extend([below, above].into_iter().filter(|gap| gap.span.start < gap.span.end));
    }
    let end = spans.iter().map(|span| span.end).max().unwrap_or(free.start);
    if end > free.end {
        return Err(Missing(end - free.end));
    }
    Ok(spans)
}

#[cfg(test)]
mod tests;
