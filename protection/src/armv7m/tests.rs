// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the arithmetic against an oracle that follows only the manual, and decides for each byte.

use super::*;
use crate::Regions;
use proptest::prelude::*;
use std::vec::Vec;

/// Returns whether a region with these registers lets an unprivileged access to `address` through.
pub(crate) fn opens(address_register: u32, attribute_register: u32, address: u64) -> bool {
    let log2_size = (attribute_register >> 1 & 31) + 1;
    let size = 1u64 << log2_size;
    let base = u64::from(address_register & !31) & !(size - 1);
    if attribute_register & 1 == 0 || !(base..base + size).contains(&address) {
        return false;
    }
    let subregion = (address - base) / (size / 8);
    log2_size < 8 || attribute_register >> (8 + subregion) & 1 == 0
}

fn block_opens(block: Block, address: u64) -> bool {
    opens(block.address_register(3), block.attribute_register(Access::ReadWrite), address)
}

/// Returns the addresses at which access may begin or end: around the span and around every eighth.
fn interesting(block: Block, span: Span) -> Vec<u64> {
    let eighth = 1u64 << block.extent.eighth.trailing_zeros();
    let edges = (0..=8).map(|index| u64::from(block.base) + index * eighth);
    let edges = edges.chain([span.start as u64, span.end as u64]);
    edges.flat_map(|edge| [edge.saturating_sub(1), edge]).collect()
}

fn a_span() -> impl Strategy<Value = Span> {
    (0u32..=u32::MAX, 1u32..0x2_0000, 0u32..3).prop_filter_map("wraps", |(start, length, align)| {
        let start = start >> (5 * align) << (5 * align);
        let end = start.checked_add(length)?;
        Some(Span { start: start as usize, end: end as usize })
    })
}

proptest! {
    #[test]
    fn a_block_opens_exactly_the_memory_that_it_reports(span in a_span()) {
        let block = Block::covering(span);
        let open = block.open();
        prop_assert!(open.contains(span));
        for address in interesting(block, span) {
            let inside = (open.start as u64..open.end as u64).contains(&address);
            prop_assert_eq!(block_opens(block, address), inside, "at {:#x}", address);
        }
    }

    #[test]
    fn a_lease_is_the_attributes_of_its_block(span in a_span(), number in 0u32..8) {
        let block = Block::covering(span);
        let attributes = block.attribute_register(Access::ReadOnly);
        prop_assert_eq!(ArmV7M::lease_within(block.open(), span, false), Some(attributes));
        // A port has only the start and the attributes of the lease. They are enough, because the region is aligned to
        // its size.
        let log2_size = (attributes >> 1 & 31) + 1;
        let base = (span.start as u64 >> log2_size << log2_size) as u32;
        prop_assert_eq!(base | 1 << 4 | number, block.address_register(number));
    }

    #[test]
    fn no_smaller_region_covers_the_span(span in a_span()) {
        let block = Block::covering(span);
        let (first, last) = (span.start as u64, span.end as u64 - 1);
        for log2_size in 8..block.extent.eighth.trailing_zeros() + 3 {
            prop_assert_ne!(first >> log2_size, last >> log2_size);
        }
        // The run is as short as its eighths allow, at both ends.
        let eighth = 1usize << block.extent.eighth.trailing_zeros();
        prop_assert!(span.start - block.open().start < eighth);
        prop_assert!(block.open().end - span.end < eighth);
    }

    /// Compares the result with all regions that the manual allows in 1 KiB. One byte of each 32 bytes is checked.
    #[test]
    fn no_fewer_regions_open_the_ranges(places in prop::collection::vec((0u32..6, 0usize..32), 1..=8)) {
        let ranges: Vec<Span> = places
            .iter()
            .map(|&(log2_granules, place)| {
                let size = 32 << log2_granules;
                let start = 0x4000_0000 + place * 32 / size * size;
                Span { start, end: start + size }
            })
            .collect();
        let owned = (0..32u32)
            .filter(|granule| {
                let address = 0x4000_0000 + 32 * *granule as usize;
                ranges.iter().any(|range| (range.start..range.end).contains(&address))
            })
            .fold(0, |set, granule| set | 1u32 << granule);
        let least = fewest(owned, &exact_regions(owned));
        prop_assert_eq!(Regions::of(Shape::Eighths, &ranges).map(|it| it.count()), Some(least));
    }
}

/// Returns, for each block of the 1 KiB from 0x40000000, the largest region that opens only owned granules.
fn exact_regions(owned: u32) -> Vec<u32> {
    let opened = |base: u32, log2_size: u32, closed: u32| {
        let attributes = closed << 8 | (log2_size - 1) << 1 | 1;
        let granules =
            (0..32u32).filter(|it| opens(base, attributes, 0x4000_0000 + 32 * u64::from(*it)));
        granules.fold(0, |set, granule| set | 1u32 << granule)
    };
    let blocks = (5..=10).flat_map(|log2_size| {
        (0..1u32 << (10 - log2_size))
            .map(move |place| (0x4000_0000 + (place << log2_size), log2_size))
    });
    blocks
        .map(|(base, log2_size)| {
            let last = if log2_size < 8 { 1 } else { 256 };
            let exact = (0..last).map(|closed| opened(base, log2_size, closed));
            exact.filter(|open| open & !owned == 0).fold(0, |most, open| most | open)
        })
        .filter(|open| *open != 0)
        .collect()
}

/// Returns the least number of these sets whose union is `owned`.
fn fewest(owned: u32, sets: &[u32]) -> usize {
    let mut reached = Vec::from([0u32]);
    for count in 0.. {
        if reached.contains(&owned) {
            return count;
        }
        let mut next: Vec<u32> = reached
            .iter()
            .flat_map(|set| {
                // One of the other sets has to contain the lowest missing granule.
                let missing = owned & !set;
                let lowest = missing & missing.wrapping_neg();
                sets.iter().filter(move |more| *more & lowest != 0).map(move |more| set | more)
            })
            .collect();
        next.sort_unstable();
        next.dedup();
        reached = next;
    }
    unreachable!()
}

#[test]
fn little_of_a_stack_is_lost_to_rounding() {
    let stack = Span { start: 0x2000_0000, end: 0x2000_0e00 };
    for left in (0..=stack.length()).step_by(8) {
        let pointer = stack.start + left;
        let lost = pointer - ArmV7M::window(stack, pointer).top;
        assert!(lost < 32 || lost <= left / 4, "{lost} of {left}");
    }
}

#[test]
fn a_buffer_of_its_own_alignment_is_exact() {
    for log2_size in 5..11 {
        for place in 0..64 {
            let start = 0x2000_0000 + (place << log2_size);
            let buffer = Span { start, end: start + (1 << log2_size) };
            assert_eq!(Block::covering(buffer).open(), buffer);
        }
    }
}

#[test]
fn all_of_memory_is_a_block() {
    let block = Block::covering(Span { start: 0, end: u32::MAX as usize });
    assert!(block_opens(block, 0) && block_opens(block, 0xffff_fff0));
}

#[test]
fn nesting_is_not_limited_to_eight_levels() {
    let stack = Span { start: 0x2000_0000, end: 0x2000_1000 };
    let (mut pointer, mut levels) = (stack.end, 0);
    while pointer > stack.start + 128 {
        pointer = ArmV7M::window(stack, pointer - 104).top;
        levels += 1;
    }
    assert!(levels > 10, "{levels}");
}
