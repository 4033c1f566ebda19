// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of layouts. They calculate the bytes that a region opens as the hardware manual describes it.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The RAM in these tests. It is so small that every byte can be checked.
const RAM: Span = Span { start: 0x2000_0000, end: 0x2000_4000 };

/// Returns `true` if one region opens exactly this span. Tries every block, and every run of eighths of each block (ARM
/// DDI 0403E, B3.5).
fn opens_exactly(span: Span) -> bool {
    let blocks = (5..32).map(|log2| 1_u64 << log2);
    blocks.into_iter().any(|block| {
        let base = span.start / block * block;
        let parts = if block < 256 { 1 } else { 8 };
        let part = block / parts;
        (0..parts).any(|first| {
            (first..parts).any(|last| {
                let open = base + first * part..base + (last + 1) * part;
                open.start == span.start && open.end == span.end
            })
        })
    })
}

fn piece() -> impl Strategy<Value = Piece> {
    let process = (1_u64..1500, 5_u32..10).prop_map(|(size, log2_align)| Piece {
        kind: Kind::Process,
        size,
        align: 1 << log2_align,
    });
    let stack = (1_u64..9, 5_u32..8).prop_map(|(parts, log2)| Piece {
        kind: Kind::Stack,
        size: parts << log2,
        align: 8,
    });
    let kernel = (1_u64..3000, 2_u32..6).prop_map(|(size, log2_align)| Piece {
        kind: Kind::Kernel,
        size,
        align: 1 << log2_align,
    });
    prop_oneof![4 => process, 4 => stack, 1 => kernel]
}

proptest! {
    #[test]
    fn expressible_is_what_a_region_can_open(start in 0_u64..2048, length in 1_u64..2048) {
        let start = RAM.start + start;
        for granule in [1, 32, 64, 256] {
            let start = start / granule * granule;
            let span = Span { start, end: start + length.next_multiple_of(granule) };
            prop_assert_eq!(span.is_expressible(), opens_exactly(span), "{:x?}", span);
        }
    }

    #[test]
    fn layouts_are_sound(
        used in 0_u64..3000,
        pieces in prop::collection::vec(piece(), 0..24),
    ) {
        let free = Span { start: RAM.start + used / 32 * 32, end: RAM.end };
        let Ok(spans) = lay_out(free, &pieces) else {
            let needed: u64 = pieces.iter().map(|piece| piece.length()).sum();
            // Alignment may cost some memory, but not half of it.
            prop_assert!(needed > free.size() / 2, "{} of {}", needed, free.size());
            return Ok(());
        };
        let mut taken = BTreeSet::new();
        for (piece, span) in pieces.iter().zip(&spans) {
            prop_assert!(free.contains(*span));
            prop_assert!((span.start..span.end).all(|byte| taken.insert(byte)), "overlap");
            prop_assert!(span.start.is_multiple_of(piece.align));
            match piece.kind {
                Kind::Process => {
                    prop_assert!(opens_exactly(*span), "{:x?}", span);
                    let block = piece.size.next_power_of_two().max(256);
                    prop_assert!(span.size() >= piece.size);
                    prop_assert!(span.size() - piece.size < block / 8);
                }
                Kind::Kernel => prop_assert_eq!(span.size(), piece.size),
                Kind::Stack => {
                    prop_assert_eq!(span.size(), piece.size);
                    let block = piece.size.next_power_of_two().max(256);
                    prop_assert!(span.start.is_multiple_of(block));
                }
            }
        }
        // A frame may be of any size, so everything below a stack has to be closed.
        let of = |kind: Kind| {
            let placed = pieces.iter().zip(&spans);
            placed.filter(move |(piece, _)| piece.kind == kind).map(|(_, span)| *span)
        };
        for stack in of(Kind::Stack) {
            for process in of(Kind::Process) {
                prop_assert!(stack.end <= process.start, "{:x?} is below {:x?}", process, stack);
            }
        }
    }
}

#[test]
fn small_pieces_fill_the_holes() {
    let process = |size| Piece { kind: Kind::Process, size, align: 32 };
    let stack = |size| Piece { kind: Kind::Stack, size, align: 8 };
    let kernel = Piece { kind: Kind::Kernel, size: 400, align: 4 };
    let free = Span { start: RAM.start + 0x420, end: RAM.start + 0x1400 };
    // The large stack has to be at 0x800; the kernel's statics and the small stack go below it.
    let pieces = [process(40), stack(2048), kernel, stack(256), process(200)];
    let spans = lay_out(free, &pieces).unwrap();
    let starts = spans.iter().map(|span| span.start - RAM.start);
    assert_eq!(starts.collect::<Vec<_>>(), [0x1100, 0x800, 0x600, 0x500, 0x1000]);
}

#[test]
fn what_is_missing_is_told() {
    let stack = Piece { kind: Kind::Stack, size: 4096, align: 8 };
    let free = Span { start: RAM.start, end: RAM.start + 4096 };
    assert_eq!(lay_out(free, &[stack]).unwrap()[0], free);
    assert_eq!(lay_out(free, &[stack, stack]), Err(Missing(4096)));
}

/// The smallest and the largest sizes that a wiring can need fit into exactly as much memory, and not into one byte
/// less.
#[test]
fn sizes_at_their_limits() {
    for (kind, size, length) in [
        (Kind::Process, 1, 32),
        (Kind::Process, 256, 256),
        (Kind::Process, 257, 320),
        (Kind::Process, 1 << 24, 1 << 24),
        (Kind::Stack, 256, 256),
        (Kind::Stack, 1 << 24, 1 << 24),
        (Kind::Kernel, 1, 1),
    ] {
        let piece = Piece { kind, size, align: 1 };
        let free = Span { start: RAM.start, end: RAM.start + length };
        assert_eq!(lay_out(free, &[piece]), Ok(vec![free]));
        assert_eq!(lay_out(Span { end: free.end - 1, ..free }, &[piece]), Err(Missing(1)));
    }
}

#[test]
fn a_firmware_without_processes_needs_nothing() {
    let none = Span { start: RAM.end, end: RAM.end };
    assert_eq!(lay_out(none, &[]), Ok(Vec::new()));
}
