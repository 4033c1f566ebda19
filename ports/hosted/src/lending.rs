// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pieces of memory that can be lent: the same pieces that the protection unit of the firmware's board can open.
//!
//! This port copies lent memory, so it could lend any piece. But firmware that runs here has to run on the board too,
//! so the rules of the board are applied. Addresses are different here. So the distance of a piece from the start of
//! its stack is used, because on a board a stack starts at an address that the protection unit can open. Any piece of
//! shared memory can be lent, because the linker for the board lays it out in this way.

use crate::pages::STEP;
use clap::ValueEnum;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crossgate_protection::{Granules, Shape, Span};

/// The longest piece that can be lent, in bytes.
pub const LONGEST_LEASE: usize = 16 * 1024;

/// The unit of this port. It opens stacks in steps. Lent memory is copied to the callee's part of the stack, so the
/// callee can never reach other memory of the caller.
pub struct Copies;

impl Granules for Copies {
    const GRANULE: usize = STEP;
    /// Lent memory is copied, so no register is needed to open it.
    type Lease = ();
    const NO_LEASE: () = ();

    fn lease(_: Span, _: bool) {}

    // Memory is refused if the firmware's board would have to refuse it.
    fn can_lease(limits: Span, memory: Span) -> bool {
        is_within(limits, memory)
    }
}

/// The unit whose rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Rules {
    /// ARMv7-M, for example a Cortex-M3: a piece of a stack has to be a run of eighths of a block of 2^n bytes, n >= 8.
    #[default]
    M3,
    /// Any piece can be lent.
    Exact,
}

static ANY_PIECE: AtomicBool = AtomicBool::new(false);
/// The start of the stack of the calling thread.
static STACK: AtomicUsize = AtomicUsize::new(0);

/// Sets the rules.
pub fn choose(rules: Rules) {
    ANY_PIECE.store(rules == Rules::Exact, Ordering::Relaxed);
}

/// Records the stack of the thread that lends memory next, for the following check.
pub fn from_stack(stack: Span) {
    STACK.store(stack.start, Ordering::Relaxed);
}

/// Returns whether a piece of a stack can be lent.
fn is_exact(memory: Span) -> bool {
    let stack = STACK.load(Ordering::Relaxed);
    is_short(memory) && (ANY_PIECE.load(Ordering::Relaxed) || can_m3_open(stack, memory))
}

/// Returns `true` if `memory` can be lent when the board may open more than it, but nothing outside of `limits`. For
/// shared memory, `limits` is all of it. For memory of a stack that was lent before, `limits` is only this memory.
fn is_within(limits: Span, memory: Span) -> bool {
    if limits == memory { is_exact(memory) } else { limits.contains(memory) && is_short(memory) }
}

fn is_short(memory: Span) -> bool {
    memory.length() <= LONGEST_LEASE
}

fn can_m3_open(stack: usize, memory: Span) -> bool {
    let in_stack =
        Span { start: memory.start.wrapping_sub(stack), end: memory.end.wrapping_sub(stack) };
    Shape::Eighths.opens(in_stack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_m3_opens_eighths_of_blocks() {
        let stack = 0x7f12_3456_7000;
        let can = |offset: usize, length: usize| {
            let start = stack + 0x3_0000 + offset;
            can_m3_open(stack, Span { start, end: start + length })
        };
        for (offset, length) in [(0, 32), (32, 64), (96, 160), (0, 256), (1024, 1024), (128, 512)] {
            assert!(can(offset, length), "{length} at {offset}");
        }
        for (offset, length) in [(0, 48), (16, 32), (8, 64), (0, 1), (32, 512), (0, 1040)] {
            assert!(!can(offset, length), "{length} at {offset}");
        }
    }

    #[test]
    fn any_piece_of_shared_memory_can_be_lent() {
        let shared = Span { start: 0x1000, end: 0x1100 };
        assert!(is_within(shared, Span { start: 0x1003, end: 0x1055 }));
        assert!(!is_within(shared, Span { start: 0x10f0, end: 0x1101 }));
    }

    #[test]
    fn what_is_too_long_to_be_copied_is_refused() {
        let memory = Span { start: 0, end: LONGEST_LEASE };
        assert!(is_short(memory) && !is_short(Span { end: LONGEST_LEASE + 1, ..memory }));
    }
}
