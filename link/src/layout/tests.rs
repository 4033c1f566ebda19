// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of layouts. They calculate the bytes that a region opens as the hardware manual describes it.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The RAM in these tests. It is so small that every byte can be checked.
const RAM: Span = Span { start: 0x2000_0000, end: 0x2000_4000 };

/// The regions of each unit: eighths (ARMv7-M), granules of 32 bytes (ARMv8-M), of 4 bytes, in which stacks are divided at
/// multiples of 16 (RISC-V), and powers of two (RISC-V without ranges).
const SHAPES: [Shape; 4] = [
    Shape::Eighths,
    Shape::Run { granule: 32, stack_granule: 32 },
    Shape::Run { granule: 4, stack_granule: 16 },
    Shape::PowersOfTwo { smallest: 32 },
];

fn shape() -> impl Strategy<Value = Shape> {
    prop::sample::select(&SHAPES[..])
}

/// Returns `true` if one region opens exactly this span, according to the manual.
fn opens_exactly(shape: Shape, span: Span) -> bool {
    let is_multiple_of = |granule: u64| (span.start | span.end).is_multiple_of(granule);
    match shape {
        Shape::Eighths => is_run_of_eighths(span),
        Shape::Run { granule, .. } => is_multiple_of(granule as u64),
        Shape::PowersOfTwo { smallest } => {
            (0..32).any(|log2| span.size() == 1 << log2 && is_multiple_of(1 << log2))
                && span.size() >= smallest as u64
        }
    }
}

/// Tries every block, and every run of eighths of each block (ARM DDI 0403E, B3.5).
fn is_run_of_eighths(span: Span) -> bool {
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

/// Returns the most bytes that may be lost when memory of this size is rounded up.
fn most_lost(shape: Shape, size: u64) -> u64 {
    match shape {
        Shape::Eighths => size.next_power_of_two().max(256) / 8 - 1,
        Shape::Run { granule, .. } => granule as u64 - 1,
        Shape::PowersOfTwo { smallest } => size.max(smallest as u64 - 1),
    }
}

/// Returns the alignment that a stack needs so that parts of it can be opened from the bottom up.
fn alignment_of_stack(shape: Shape, size: u64) -> u64 {
    match shape {
        Shape::Eighths => size.next_power_of_two().max(256),
        Shape::Run { stack_granule, .. } => stack_granule as u64,
        Shape::PowersOfTwo { .. } => size.next_power_of_two(),
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let process = (1_u64..1500, 2_u32..10).prop_map(|(size, log2_align)| Piece {
        kind: Kind::Process,
        size,
        align: 1 << log2_align,
    });
    let stack = (256_u64..1500).prop_map(|size| Piece { kind: Kind::Stack, size, align: 8 });
    let kernel = (1_u64..3000, 2_u32..6).prop_map(|(size, log2_align)| Piece {
        kind: Kind::Kernel,
        size,
        align: 1 << log2_align,
    });
    prop_oneof![4 => process, 4 => stack, 1 => kernel]
}

proptest! {
    #[test]
    fn expressible_is_what_a_region_can_open(
        shape in shape(), start in 0_u64..2048, length in 1_u64..2048,
    ) {
        let start = RAM.start + start;
        for granule in [1, 4, 32, 64, 256] {
            let start = start / granule * granule;
            for length in [length.next_multiple_of(granule), granule] {
                let span = Span { start, end: start + length };
                prop_assert_eq!(span.is_expressible(shape), opens_exactly(shape, span), "{:x?}", span);
            }
        }
    }

    /// Of each memory, the linker advises a part that a region can open, if there is one.
    #[test]
    fn the_inside_is_what_a_region_can_open(
        shape in shape(), start in 0_u64..2048, length in 1_u64..4096,
    ) {
        let memory = Span { start: RAM.start + start, end: RAM.start + start + length };
        let inside = memory.inside(shape);
        if inside.size() > 0 {
            prop_assert!(memory.contains(inside) && opens_exactly(shape, inside), "{:x?}", inside);
        } else if let Shape::PowersOfTwo { smallest } = shape {
            prop_assert!(length < 2 * smallest as u64);
        }
    }

    #[test]
    fn layouts_are_sound(
        shape in shape(),
        used in 0_u64..3000,
        pieces in prop::collection::vec(piece(), 0..24),
    ) {
        let free = Span { start: RAM.start + used / 32 * 32, end: RAM.end };
        // The wiring declares stacks in sizes that the unit can divide.
        let pieces: Vec<_> = pieces
            .into_iter()
            .map(|piece| match piece.kind {
                Kind::Stack => Piece { size: piece.length(shape), ..piece },
                _ => piece,
            })
            .collect();
        let Ok(spans) = lay_out(shape, free, &pieces) else {
            let needed: u64 = pieces.iter().map(|piece| piece.length(shape)).sum();
            let aligned: u64 = pieces.iter().map(|piece| piece.align - 1).sum();
            // Alignment may cost some memory, but not half of it; and only the alignment of statics where the unit is
            // exact.
            let enough = match shape {
                Shape::Run { .. } => free.size() - aligned.min(free.size()),
                _ => free.size() / 2,
            };
            let granules = 32 * pieces.len() as u64;
            prop_assert!(needed + granules > enough, "{} of {}", needed, free.size());
            return Ok(());
        };
        let mut taken = BTreeSet::new();
        for (piece, span) in pieces.iter().zip(&spans) {
            prop_assert!(free.contains(*span));
            prop_assert!((span.start..span.end).all(|byte| taken.insert(byte)), "overlap");
            prop_assert!(span.start.is_multiple_of(piece.align));
            match piece.kind {
                Kind::Process => {
                    prop_assert!(opens_exactly(shape, *span), "{:x?}", span);
                    prop_assert!(span.size() >= piece.size);
                    prop_assert!(span.size() - piece.size <= most_lost(shape, piece.size));
                }
                Kind::Kernel => prop_assert_eq!(span.size(), piece.size),
                Kind::Stack => {
                    prop_assert_eq!(span.size(), piece.size);
                    prop_assert!(span.start.is_multiple_of(alignment_of_stack(shape, piece.size)));
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
    let spans = lay_out(Shape::Eighths, free, &pieces).unwrap();
    let starts = spans.iter().map(|span| span.start - RAM.start);
    assert_eq!(starts.collect::<Vec<_>>(), [0x1100, 0x800, 0x600, 0x500, 0x1000]);
}

#[test]
fn what_is_missing_is_told() {
    let stack = Piece { kind: Kind::Stack, size: 4096, align: 8 };
    let free = Span { start: RAM.start, end: RAM.start + 4096 };
    for shape in SHAPES {
        assert_eq!(lay_out(shape, free, &[stack]).unwrap()[0], free);
        assert_eq!(lay_out(shape, free, &[stack, stack]), Err(Missing(4096)));
    }
}

/// The smallest and the largest sizes that a wiring can need fit into exactly as much memory, and not into one byte
/// less.
#[test]
fn sizes_at_their_limits() {
    for (kind, size, lengths) in [
        (Kind::Process, 1, [32, 32, 4, 32]),
        (Kind::Process, 256, [256; 4]),
        (Kind::Process, 257, [320, 288, 260, 512]),
        (Kind::Process, 1 << 24, [1 << 24; 4]),
        (Kind::Stack, 256, [256; 4]),
        (Kind::Stack, 1 << 24, [1 << 24; 4]),
        (Kind::Kernel, 1, [1; 4]),
    ] {
        for (shape, length) in SHAPES.into_iter().zip(lengths) {
            let piece = Piece { kind, size, align: 1 };
            let free = Span { start: RAM.start, end: RAM.start + length };
            assert_eq!(lay_out(shape, free, &[piece]), Ok(vec![free]));
            let less = Span { end: free.end - 1, ..free };
            assert_eq!(lay_out(shape, less, &[piece]), Err(Missing(1)));
        }
    }
}

/// Where the unit is exact, pieces follow each other without holes.
#[test]
fn nothing_is_lost_where_the_unit_is_exact() {
    let piece = |kind, size| Piece { kind, size, align: 4 };
    let pieces = [
        piece(Kind::Stack, 1040),
        piece(Kind::Process, 36),
        piece(Kind::Kernel, 1608),
        piece(Kind::Stack, 272),
        piece(Kind::Process, 300),
    ];
    let size: u64 = pieces.iter().map(|piece| piece.size).sum();
    let free = Span { start: RAM.start, end: RAM.start + size };
    assert!(lay_out(SHAPES[2], free, &pieces).is_ok());
    assert!(lay_out(SHAPES[0], free, &pieces).is_err());
}

#[test]
fn a_firmware_without_processes_needs_nothing() {
    let none = Span { start: RAM.end, end: RAM.end };
    assert_eq!(lay_out(Shape::Eighths, none, &[]), Ok(Vec::new()));
}
