// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the promises of every unit, against the unit's manual, byte by byte.

use crate::armv7m::{self, Access, ArmV7M, Block};
use crate::armv8m::{self, ArmV8M};
use crate::napot::{self, Napot};
use crate::pages::Pages;
use crate::pmp::{self, Pmp};
use crate::{Fit, MOST_RANGES, Region, Regions, Shape, Span, Unit, Window};
use proptest::prelude::*;
use std::vec::Vec;

/// A unit according to its manual: the memory that is open to a thread when a port has written the registers.
trait Manual: Unit {
    /// Returns whether the region that covers `memory` opens this address.
    fn region_opens(memory: Span, address: u64) -> bool;
    /// Returns whether this region opens this address.
    fn opens_with_gaps(region: Region, address: u64) -> bool {
        assert_eq!(region.closed, 0, "a region of this unit has no gaps");
        Self::region_opens(region.span, address)
    }
    /// Returns whether a window of the stack from `start` opens this address.
    fn window_opens(start: usize, window: u16, address: u64) -> bool;
    /// Returns whether a lease of `memory` for reading opens this address.
    fn lease_opens(memory: Span, lease: Self::Lease, address: u64) -> bool;
}

impl Manual for ArmV7M {
    fn region_opens(memory: Span, address: u64) -> bool {
        let block = Block::covering(memory);
        let attributes = block.attribute_register(Access::ReadWrite);
        armv7m::tests::opens(block.address_register(3), attributes, address)
    }

    fn opens_with_gaps(region: Region, address: u64) -> bool {
        let block = Block::of(region);
        let attributes = block.attribute_register(Access::Device);
        armv7m::tests::opens(block.address_register(4), attributes, address)
    }

    fn window_opens(start: usize, window: u16, address: u64) -> bool {
        let attributes = Access::ReadWrite as u32 | u32::from(window);
        armv7m::tests::opens(start as u32 | 1 << 4 | 1, attributes, address)
    }

    fn lease_opens(memory: Span, lease: u32, address: u64) -> bool {
        // The region is aligned to its size.
        let log2_size = (lease >> 1 & 31) + 1;
        let base = memory.start as u64 >> log2_size << log2_size;
        armv7m::tests::opens(base as u32 | 1 << 4 | 5, lease, address)
    }
}

impl Manual for ArmV8M {
    fn region_opens(memory: Span, address: u64) -> bool {
        armv8m::tests::opens(armv8m::registers(memory, armv8m::Access::ReadWrite), address)
    }

    fn window_opens(start: usize, window: u16, address: u64) -> bool {
        armv8m::tests::opens(armv8m::window_registers(start, window), address)
    }

    fn lease_opens(memory: Span, lease: u32, address: u64) -> bool {
        let base = armv8m::base_register(memory.start, armv8m::Access::ReadOnly);
        armv8m::tests::opens([base, lease], address)
    }
}

/// Returns whether an entry that matches the top of a range opens this address (3.7.1: "Address Matching").
fn range_opens(range: pmp::Range, address: u64) -> bool {
    let pmp::Range { addresses: [bottom, top], configuration } = range;
    let is_top_of_range = configuration >> 3 & 3 == 1;
    let address = address >> 2;
    let matches = is_top_of_range && u64::from(bottom) <= address && address < u64::from(top);
    matches && configuration & 1 == 1
}

impl Manual for Pmp {
    fn region_opens(memory: Span, address: u64) -> bool {
        range_opens(pmp::Range::covering(memory, true), address)
    }

    fn window_opens(start: usize, window: u16, address: u64) -> bool {
        range_opens(pmp::window_range(start, window), address)
    }

    fn lease_opens(_: Span, lease: pmp::Range, address: u64) -> bool {
        range_opens(lease, address)
    }
}

/// Returns whether entries open this address (3.7.1: "Address Matching", and "Priority and Matching Logic").
fn entries_open(entries: &[napot::Entry], address: u64) -> bool {
    let matching = entries.iter().find(|entry| match entry.configuration() >> 3 & 3 {
        0 => false,
        3 => {
            let size = 8 << entry.address().trailing_ones();
            let start = u64::from(entry.address()) << 2 & !(size - 1);
            assert!(size >= 32, "a block that is smaller than a granule");
            (start..start + size).contains(&address)
        }
        other => panic!("these cores do not match by mode {other}"),
    });
    matching.is_some_and(|entry| entry.configuration() & 1 == 1)
}

impl Manual for Napot {
    fn region_opens(memory: Span, address: u64) -> bool {
        entries_open(&[napot::Entry::covering(memory, napot::Access::ReadWrite)], address)
    }

    fn window_opens(start: usize, window: u16, address: u64) -> bool {
        entries_open(&napot::window_entries(start, window), address)
    }

    fn lease_opens(_: Span, lease: napot::Entry, address: u64) -> bool {
        entries_open(&[lease], address)
    }
}

/// A host opens each page with at least one byte of the span.
impl<const SIZE: usize> Manual for Pages<SIZE> {
    fn region_opens(memory: Span, address: u64) -> bool {
        let page = |address: u64| address / SIZE as u64;
        (page(memory.start as u64)..=page(memory.end as u64 - 1)).contains(&page(address))
    }

    fn window_opens(start: usize, window: u16, address: u64) -> bool {
        let end = start + usize::from(window) * SIZE;
        start != end && Self::region_opens(Span { start, end }, address)
    }

    fn lease_opens(memory: Span, (): (), address: u64) -> bool {
        Self::region_opens(memory, address)
    }
}

/// Returns spans anywhere, also near the ends of the address space, with ends that are often aligned.
fn a_span() -> impl Strategy<Value = Span> {
    let place = prop_oneof![Just(0), Just(u32::MAX), any::<u32>()];
    let length = prop_oneof![1u32..300, 1u32..0x2_0000];
    (place, length, 0u32..4, 0u32..3).prop_map(|(place, length, ends, align)| {
        let mask = (1u64 << (5 * align)) - 1;
        let mut start = u64::from(place.min(u32::MAX - 0xffff - length));
        let mut end = start + u64::from(length);
        if ends & 1 != 0 {
            start &= !mask;
        }
        if ends & 2 != 0 {
            end = (end + mask) & !mask;
        }
        Span { start: start as usize, end: end as usize }
    })
}

/// Returns the addresses around each of these places, where the access rights are likely to change.
fn around(places: &[usize]) -> impl Iterator<Item = u64> {
    let near = |&place: &usize| (place as u64).saturating_sub(66)..place as u64 + 66;
    places.iter().flat_map(near).filter(|&address| address >> 32 == 0)
}

fn covering_is_the_smallest_region<U: Manual>(memory: Span) -> Result<(), TestCaseError> {
    let open = U::SHAPE.covering(memory);
    prop_assert!(open.contains(memory));
    prop_assert!(U::SHAPE.opens(open), "{open:x?}");
    prop_assert_eq!(U::SHAPE.opens(memory), open == memory);
    let eighth = memory.length().next_power_of_two() / 8;
    for address in around(&[memory.start, memory.end, open.start, open.end, memory.start + eighth])
    {
        let is_inside = (open.start as u64..open.end as u64).contains(&address);
        prop_assert_eq!(U::region_opens(memory, address), is_inside, "at {:#x}", address);
    }
    Ok(())
}

fn memory_of_a_process_has_a_place<U: Unit>(
    bytes: usize,
    place: usize,
) -> Result<(), TestCaseError> {
    let fit @ Fit { size, step } = U::SHAPE.process(bytes);
    prop_assert!(size >= bytes && step.is_power_of_two());
    prop_assert_eq!(U::SHAPE.process(size), fit, "memory that fits is not made larger");
    let from = place.next_multiple_of(step);
    let until = from + 2 * size.next_power_of_two();
    let mut starts = (from..until).step_by(step);
    let has_place = starts.any(|start| U::SHAPE.opens(Span { start, end: start + size }));
    prop_assert!(has_place, "{:?}", fit);
    Ok(())
}

fn a_stack_is_open_up_to_its_caller<U: Manual>(
    bytes: usize,
    place: usize,
    used: usize,
) -> Result<(), TestCaseError> {
    let fit @ Fit { size, step } = U::SHAPE.stack(bytes);
    prop_assert!(size >= bytes && step.is_power_of_two());
    prop_assert_eq!(U::SHAPE.stack(size), fit, "memory that fits is not made larger");
    let start = (place << 5).next_multiple_of(step);
    let stack = Span { start, end: start + size };
    // Of powers of two, a second region closes what is above the stack: `window_opens` shows it.
    let has_second = matches!(U::SHAPE, Shape::PowersOfTwo { .. });
    prop_assert!(U::SHAPE.opens(stack) || has_second);
    prop_assert_eq!(U::window(stack, stack.end).top, stack.end);

    for pointer in [stack.end, stack.end - ((used % size) & !7)] {
        let window = U::window(stack, pointer);
        prop_assert!(stack.start <= window.top && window.top <= pointer);
        if window.top == stack.start {
            continue;
        }
        let half = start + (window.top - start) / 2;
        for address in around(&[stack.start, half, window.top, pointer, stack.end]) {
            let is_inside = (stack.start as u64..window.top as u64).contains(&address);
            let is_open = U::window_opens(stack.start, window.registers, address);
            prop_assert_eq!(is_open, is_inside, "at {:#x} of {:x?}", address, window);
        }
    }
    Ok(())
}

fn a_lease_opens_nothing_outside<U: Manual>(
    memory: Span,
    below: usize,
    above: usize,
) -> Result<(), TestCaseError> {
    let open = U::SHAPE.covering(memory);
    let limits = Span { start: memory.start.saturating_sub(below), end: memory.end + above };
    let lease = U::lease_within(limits, memory, false);
    prop_assert_eq!(lease.is_some(), limits.contains(open));
    prop_assert_eq!(U::lease_within(memory, memory, true).is_some(), U::SHAPE.opens(memory));
    prop_assert_eq!(U::lease_within(open, memory, true).is_some(), true);
    let Some(lease) = lease else { return Ok(()) };
    for address in around(&[memory.start, memory.end, open.start, open.end]) {
        let is_inside = (open.start as u64..open.end as u64).contains(&address);
        prop_assert_eq!(U::lease_opens(memory, lease, address), is_inside, "at {:#x}", address);
    }
    Ok(())
}

fn any_part_of_shared_memory_can_be_lent<U: Unit>(
    bytes: usize,
    place: usize,
    part: (usize, usize),
) -> Result<(), TestCaseError> {
    let fit @ Fit { size, step } = U::SHAPE.shared(bytes);
    prop_assert!(size >= bytes && step.is_power_of_two());
    prop_assert_eq!(U::SHAPE.shared(size), fit, "memory that fits is not made larger");
    let start = place.next_multiple_of(step);
    let shared = Span { start, end: start + size };
    let mut ends = [start + part.0 % (size + 1), start + part.1 % (size + 1)];
    ends.sort_unstable();
    let memory = Span { start: ends[0], end: ends[1].max(ends[0] + 1).min(shared.end) };
    if !memory.is_empty() {
        prop_assert!(U::lease_within(shared, memory, true).is_some(), "{memory:x?} of {shared:x?}");
    }
    Ok(())
}

/// Returns ranges like the ranges of devices: aligned powers of two, many of them adjacent. They may overlap.
fn ranges() -> impl Strategy<Value = Vec<Span>> {
    let near = (5u32..9, 0usize..24).prop_map(|(log2_size, place)| (log2_size, 0x4000_0000, place));
    let pages =
        (12u32..15, 0usize..12).prop_map(|(log2_size, place)| (log2_size, 0x4000_0000, place));
    let bases = prop_oneof![Just(0), Just(0x4002_0000), Just(0xfff0_0000)];
    let far = (5u32..18, bases, 0usize..8);
    let range =
        prop_oneof![6 => near, 6 => pages, 1 => far].prop_map(|(log2_size, base, place)| {
            let start = base + (place << log2_size);
            Span { start, end: start + (1 << log2_size) }
        });
    prop::collection::vec(range, 1..=MOST_RANGES)
}

/// Returns the contiguous runs of bytes that the ranges form, in order.
fn runs_of(ranges: &[Span]) -> Vec<Span> {
    let mut sorted = ranges.to_vec();
    sorted.sort();
    let mut runs: Vec<Span> = Vec::new();
    for range in sorted {
        match runs.last_mut() {
            Some(run) if range.start <= run.end => run.end = run.end.max(range.end),
            _ => runs.push(range),
        }
    }
    runs
}

fn regions_open_the_ranges_and_nothing_else<U: Manual>(
    ranges: &[Span],
) -> Result<(), TestCaseError> {
    let runs = runs_of(ranges);
    let regions = Regions::of(U::SHAPE, ranges);
    if let Shape::Run { granule, .. } = U::SHAPE {
        let have_places = runs.iter().all(|run| (run.start | run.end) % granule == 0);
        prop_assert_eq!(regions.map(|it| it.count()), have_places.then_some(runs.len()));
    }
    let Some(regions) = regions else {
        prop_assert_ne!(U::SHAPE, Shape::Eighths, "each range is a region");
        return Ok(());
    };
    prop_assert!(regions.count() <= ranges.len());
    let all: Vec<Region> = (0..regions.count()).map(|number| regions.get(number)).collect();
    let edges: Vec<usize> = all
        .iter()
        .flat_map(|region| {
            let eighth = (region.span.length().next_power_of_two() / 8).max(32);
            let start = region.span.start / (8 * eighth) * (8 * eighth);
            (0..=16).map(move |number| start + number * eighth)
        })
        .chain(ranges.iter().flat_map(|range| [range.start, range.end]))
        .collect();
    let edges = edges.iter().flat_map(|&edge| [edge.saturating_sub(1), edge]);
    for address in edges.filter(|edge| edge >> 32 == 0) {
        let is_owned = ranges.iter().any(|range| (range.start..range.end).contains(&address));
        let is_open = all.iter().any(|&region| U::opens_with_gaps(region, address as u64));
        prop_assert_eq!(is_open, is_owned, "at {:#x} by {:x?}", address, all);
        let is_told = all.iter().any(|region| region.opens(address));
        prop_assert_eq!(is_told, is_owned, "told at {:#x} of {:x?}", address, all);
    }
    for (number, range) in ranges.iter().enumerate() {
        prop_assert!(regions.get(regions.of_range(number)).opens(range.start));
    }
    let told: Vec<Span> = all.iter().flat_map(|region| region.runs()).collect();
    prop_assert_eq!(runs_of(&told), runs);
    Ok(())
}

/// Tests the properties for each unit.
macro_rules! of_each_unit {
    ($($name:ident: $unit:ty;)*) => { $(
        mod $name {
            use super::*;

            proptest! {
                #[test]
                fn covering_is_the_smallest_region(memory in a_span()) {
                    super::covering_is_the_smallest_region::<$unit>(memory)?;
                }

                #[test]
                fn memory_of_a_process_has_a_place(
                    bytes in 1usize..0x1_0000, place in 0usize..0x1000_0000,
                ) {
                    super::memory_of_a_process_has_a_place::<$unit>(bytes, place)?;
                }

                #[test]
                fn a_stack_is_open_up_to_its_caller(
                    bytes in prop_oneof![1usize..600, 1usize..0x8000],
                    place in 0usize..0x10_0000,
                    used in 0usize..0x8000,
                ) {
                    super::a_stack_is_open_up_to_its_caller::<$unit>(bytes, place, used)?;
                }

                #[test]
                fn a_lease_opens_nothing_outside(
                    memory in a_span(), below in 0usize..99, above in 0usize..99,
                ) {
                    super::a_lease_opens_nothing_outside::<$unit>(memory, below, above)?;
                }

                #[test]
                fn regions_open_the_ranges_and_nothing_else(ranges in ranges()) {
                    super::regions_open_the_ranges_and_nothing_else::<$unit>(&ranges)?;
                }

                #[test]
                fn any_part_of_shared_memory_can_be_lent(
                    bytes in prop_oneof![1usize..600, 1usize..0x8000],
                    place in 0usize..0x1000_0000,
                    part: (usize, usize),
                ) {
                    super::any_part_of_shared_memory_can_be_lent::<$unit>(bytes, place, part)?;
                }
            }
        }
    )* };
}

of_each_unit! {
    on_armv7m: ArmV7M;
    on_armv8m: ArmV8M;
    on_pmp: Pmp;
    on_napot: Napot;
    on_pages: Pages<4096>;
}

#[test]
fn memory_that_the_manuals_close_is_closed() {
    let memory = Span { start: 0x2000_0100, end: 0x2000_0200 };
    let closed: Vec<bool> = [0x2000_00ff, 0x2000_0200]
        .into_iter()
        .flat_map(|address| {
            [
                ArmV7M::region_opens(memory, address),
                ArmV8M::region_opens(memory, address),
                Pmp::region_opens(memory, address),
                Napot::region_opens(memory, address),
            ]
        })
        .collect();
    assert_eq!(closed, [false; 8]);
}

/// A linker finds out by the code which shape a firmware's unit has.
#[test]
fn codes_are_those_of_their_shapes() {
    let shapes = [Shape::Eighths, ArmV8M::SHAPE, Pmp::SHAPE, Pages::<4096>::SHAPE, Napot::SHAPE];
    for (number, shape) in shapes.iter().enumerate() {
        assert_eq!(Shape::of_code(shape.code()), Some(*shape));
        assert!(shapes[..number].iter().all(|other| other.code() != shape.code()));
    }
    for code in [0, 4, 0x1_0002, 0x100_0000 | Pmp::SHAPE.code(), u32::MAX] {
        assert_eq!(Shape::of_code(code), None, "{code:#x}");
    }
}

/// Where the unit is exact, nothing is lost but the rest of a granule.
#[test]
fn exact_units_lose_less_than_a_granule() {
    for bytes in 1..5000 {
        assert_eq!(ArmV8M::SHAPE.process(bytes).size, bytes.next_multiple_of(32));
        assert_eq!(Pmp::SHAPE.process(bytes).size, bytes.next_multiple_of(4));
        assert_eq!(Pmp::SHAPE.shared(bytes).size, bytes.next_multiple_of(4));
        assert_eq!(Pmp::SHAPE.stack(bytes).size, bytes.next_multiple_of(16));
    }
}

/// With powers of two, less than a third of what is left of a stack is lost, and the rest of a granule.
#[test]
fn powers_of_two_lose_less_than_a_third_of_a_stack() {
    let stack = Span { start: 0x2001_0000, end: 0x2002_0000 };
    for left in 1..=0x1_0000 {
        let open = Napot::window(stack, stack.start + left).top - stack.start;
        let granules = left / napot::SMALLEST;
        assert!(open <= left && 3 * (granules - open / napot::SMALLEST) <= granules, "{left}");
    }
}

/// For every number of granules of a window, no byte above these granules is open.
#[test]
fn any_window_of_powers_of_two_ends_where_it_says() {
    let start = 0x2020_0000;
    for granules in 0..=u16::MAX {
        let end = (start + usize::from(granules) * napot::SMALLEST) as u64;
        let entries = napot::window_entries(start, granules);
        assert!(!entries_open(&entries, end) && !entries_open(&entries, start as u64 - 1));
        assert!(!entries_open(&entries, end + 0x1000), "{granules}");
    }
}

/// The entries that are wired in an RP2350 (its data sheet, 3.8.8.1): boot ROM, devices, and the devices of each core.
const WIRED: [(usize, usize); 3] =
    [(0, 0x1000_0000), (0x4000_0000, 0x6000_0000), (0xd000_0000, 0xe000_0000)];

/// Returns an aligned block of up to 64 KiB, for the given random words, in the given range.
fn block_in(range: Span, place: usize, log2_size: usize) -> Span {
    let size = napot::SMALLEST << (log2_size % 12);
    let count = (range.end - range.start) / size;
    let start = range.start + place % count * size;
    Span { start, end: start + size }
}

proptest! {
    /// All eight entries together open what a thread has and nothing else, with the entries of an RP2350 behind them.
    #[test]
    fn eight_entries_open_exactly_what_a_thread_has(
        places in any::<[usize; 5]>(),
        sizes in any::<[usize; 5]>(),
        left in 0..=0x1_0000_usize,
        (has_leases, has_memory, has_second_device) in any::<([bool; 2], bool, bool)>(),
        near in any::<prop::sample::Index>(),
        anywhere in any::<u32>(),
    ) {
        const RAM: Span = Span { start: 0x2000_0000, end: 0x2004_0000 };
        const OF_CALLERS: Span = Span { start: 0x2004_0000, end: 0x2008_0000 };
        const DEVICES: Span = Span { start: 0x4000_0000, end: 0x6000_0000 };
        const STACK: Span = Span { start: 0x2010_0000, end: 0x2011_0000 };
        let Window { top, registers: granules } = Napot::window(STACK, STACK.start + left);
        let flash = Span { start: 0x1000_0000, end: 0x1002_0000 };
        let memory = block_in(RAM, places[0], sizes[0]);
        let leases = [1, 2].map(|it| block_in(OF_CALLERS, places[it], sizes[it]));
        let devices = [3, 4].map(|it| block_in(DEVICES, places[it], sizes[it]));

        let covering = |has: bool, span, access| {
            if has { napot::Entry::covering(span, access) } else { napot::Entry::OFF }
        };
        let has_second_device = has_second_device && !has_leases[1];
        let process = napot::ProcessEntries {
            memory: covering(has_memory, memory, napot::Access::ReadWrite),
            devices: [
                covering(true, devices[0], napot::Access::ReadWrite),
                covering(has_second_device, devices[1], napot::Access::ReadWrite),
            ],
        };
        let entries = process.with(
            [0, 1].map(|it| covering(has_leases[it], leases[it], napot::Access::Read)),
            napot::window_entries(STACK.start, granules),
            napot::Entry::covering(flash, napot::Access::ReadExecute),
        );
        let wired = WIRED.map(|(start, end)| {
            napot::Entry::covering(Span { start, end }, napot::Access::ReadWrite)
        });
        let all: Vec<_> = entries.into_iter().chain(wired).collect();

        let window = Span { start: STACK.start, end: top };
        let open = [
            (true, flash), (true, window), (true, devices[0]), (has_second_device, devices[1]),
            (has_memory, memory), (has_leases[0], leases[0]), (has_leases[1], leases[1]),
        ];
        let of_others = [Span { start: 0, end: 0x8000 }, Span { start: 0xd000_0000, end: 0xd000_0200 }];
        let edges: Vec<usize> = open
            .iter()
            .map(|(_, span)| *span)
            .chain(of_others)
            .flat_map(|Span { start, end }| [start.wrapping_sub(1) & 0xffff_ffff, start, end - 1, end])
            .chain([anywhere as usize])
            .collect();
        let address = *near.get(&edges);
        let is_open = open
            .iter()
            .any(|(has, span)| *has && (span.start..span.end).contains(&address));
        prop_assert_eq!(entries_open(&all, address as u64), is_open, "{:#x}", address);
    }
}
