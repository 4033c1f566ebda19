// SPDX-License-Identifier: MIT OR Apache-2.0
//! A domain is the memory that is open: this port's memory protection unit.
//!
//! A domain has only the [region](crate::memory::Region) of one process and a part of one stack. A call closes the
//! caller's region and opens the callee's region. The end of the first thread's stack is in the region. If the caller
//! uses more of its stack than this end, the call also closes a part of the stack. Adjacent memory is changed by one
//! call of Linux.

use crossgate_protection::Span;

/// The largest number of changes of protection from one domain to another.
pub const CHANGES: usize = 4;

/// The memory that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The memory of a process.
    pub region: Span,
    /// The lower part of a stack.
    pub stack: Span,
}

impl Domain {
    /// The domain in which nothing is open.
    pub const EMPTY: Domain = Domain { region: Span::EMPTY, stack: Span::EMPTY };

    /// Returns whether an address is open.
    pub fn has(self, address: usize) -> bool {
        [self.region, self.stack].iter().any(|span| (span.start..span.end).contains(&address))
    }

    /// Returns the changes from this domain to `next`: first the spans to close (`false`), then the spans to open
    /// (`true`).
    pub fn changes(self, next: Domain) -> impl Iterator<Item = (Span, bool)> {
        let closed = lost(self, next).map(|span| (span, false));
        let opened = lost(next, self).map(|span| (span, true));
        closed.into_iter().chain(opened).filter(|(span, _)| !span.is_empty())
    }
}

/// Returns the memory that is in `before`, but not in `next`: a part of the stack, and the region. If they are
/// adjacent, they are one span.
fn lost(before: Domain, next: Domain) -> [Span; 2] {
    let region = if before.region == next.region { Span::EMPTY } else { before.region };
    let stack = if before.stack.start == next.stack.start {
        Span { start: next.stack.end, end: before.stack.end }
    } else {
        before.stack
    };
    if !stack.is_empty() && !region.is_empty() && stack.end == region.start {
        return [Span { start: stack.start, end: region.end }, Span::EMPTY];
    }
    [stack, region]
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The domain of a thread in its home process: its stack ends where the region of the process starts.
    const HOME: Domain = Domain { region: span(0x8000, 0xa000), stack: span(0x1000, 0x8000) };

    /// Returns the spans that have to be closed, then those that have to be opened.
    fn changes(before: Domain, next: Domain) -> [Vec<Span>; 2] {
        let all: Vec<_> = before.changes(next).collect();
        assert!(all.len() <= CHANGES && all.is_sorted_by_key(|(_, open)| *open));
        [false, true].map(|wanted| {
            all.iter().filter(|(_, open)| *open == wanted).map(|(span, _)| *span).collect()
        })
    }

    #[test]
    fn a_call_from_the_end_of_the_stack_changes_regions_only() {
        let callee = Domain { region: span(0x2_0000, 0x2_1000), stack: HOME.stack };
        assert_eq!(changes(HOME, callee), [vec![HOME.region], vec![callee.region]]);
        assert_eq!(changes(callee, HOME), [vec![callee.region], vec![HOME.region]]);
    }

    #[test]
    fn what_borders_is_changed_as_one() {
        let callee = Domain { region: span(0x2_0000, 0x2_1000), stack: span(0x1000, 0x6000) };
        assert_eq!(changes(HOME, callee), [vec![span(0x6000, 0xa000)], vec![callee.region]]);
        assert_eq!(changes(callee, HOME), [vec![callee.region], vec![span(0x6000, 0xa000)]]);
    }

    #[test]
    fn a_call_on_closes_part_of_the_stack() {
        let callee = Domain { region: span(0x2_0000, 0x2_1000), stack: span(0x1000, 0x6000) };
        let next = Domain { region: span(0x3_0000, 0x3_1000), stack: span(0x1000, 0x5000) };
        let closed = vec![span(0x5000, 0x6000), callee.region];
        assert_eq!(changes(callee, next), [closed.clone(), vec![next.region]]);
        assert_eq!(changes(next, callee), [vec![next.region], closed]);
    }

    #[test]
    fn another_thread_has_another_stack() {
        let other = Domain { region: HOME.region, stack: span(0x4_0000, 0x5_0000) };
        assert_eq!(changes(HOME, other), [vec![HOME.stack], vec![other.stack]]);
    }
}
