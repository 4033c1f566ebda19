// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the arithmetic against an oracle that follows only the manual, and decides for each byte.

use super::*;
use crate::{Unit, Window};
use proptest::prelude::*;
use std::vec::Vec;

/// The base address and limit registers of a region.
type Registers = [u32; 2];

/// The kind of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Read,
    Write,
    Execute,
}

/// Returns whether a byte is in a region.
fn holds([base, limit]: Registers, address: u64) -> bool {
    let (first, last) = (base & !31, limit | 31);
    limit & 1 == 1 && u64::from(first) <= address && address <= u64::from(last)
}

/// Returns whether the unit lets an access through. (The kernel has the default memory map.)
fn allows(regions: &[Registers], address: u64, wish: Wish, is_kernel: bool) -> bool {
    let mut hits = regions.iter().filter(|&&region| holds(region, address));
    match (hits.next(), hits.next()) {
        (None, _) => is_kernel,
        (Some(&[base, _]), None) => {
            let is_for_all = base >> 1 & 1 == 1;
            let is_read_only = base >> 2 & 1 == 1;
            let may = match wish {
                Wish::Read => true,
                Wish::Write => !is_read_only,
                Wish::Execute => base & 1 == 0,
            };
            may && (is_kernel || is_for_all)
        }
        (Some(_), Some(_)) => false,
    }
}

/// Returns whether a thread may read a byte.
pub(crate) fn opens(region: Registers, address: u64) -> bool {
    allows(&[region], address, Wish::Read, false)
}

/// Returns the bytes of `span` and some around it.
fn around(span: Span) -> impl Iterator<Item = u64> {
    (span.start as u64).saturating_sub(70)..span.end as u64 + 70
}

/// Returns whether a byte is in the same granule as one of `span`.
fn shares_granule(span: Span, address: u64) -> bool {
    (span.start as u64 / 32..=(span.end as u64 - 1) / 32).contains(&(address / 32))
}

/// Returns the bytes around `span` that a region opens.
fn opened_span(region: Registers, span: Span) -> Span {
    let mut opened = around(span).filter(|&address| opens(region, address));
    let start = opened.next().unwrap();
    let end = opened.last().unwrap_or(start) + 1;
    Span { start: start as usize, end: end as usize }
}

/// Returns spans, of which some end at the end of the address space, and many have an aligned end.
fn a_span() -> impl Strategy<Value = Span> {
    let place = prop_oneof![Just(0u64), Just(1 << 32), 0..1u64 << 32];
    (place, 1u64..300, 0u32..4).prop_map(|(place, length, align)| {
        let mut start = place.min((1 << 32) - length);
        let mut end = start + length;
        if align & 1 != 0 {
            start &= !31;
        }
        if align & 2 != 0 {
            end = (end + 31) & !31;
        }
        Span { start: start as usize, end: end as usize }
    })
}

/// Returns a stack as the linker lays it out, and a stack pointer in it.
fn a_stack() -> impl Strategy<Value = (Span, usize)> {
    (prop_oneof![Just(0), 0usize..1 << 20], 0usize..16).prop_flat_map(|(place, granules)| {
        let (start, size) = (place * 32, granules * 32);
        (Just(Span { start, end: start + size }), start..=start + size)
    })
}

fn an_access() -> impl Strategy<Value = Access> {
    use Access::*;
    prop::sample::select(&[Flash, ReadWrite, ReadOnly, Device])
}

proptest! {
    #[test]
    fn a_region_opens_the_granules_of_the_span(span in a_span(), access in an_access()) {
        let region = registers(span, access);
        for address in around(span) {
            let inside = shares_granule(span, address);
            prop_assert_eq!(opens(region, address), inside, "at {:#x}", address);
        }
        prop_assert_eq!(region[0], base_register(span.start, access));
    }

    #[test]
    fn a_long_region_opens_all_between_its_ends(
        start in 0usize..1 << 32,
        end in 0usize..=1 << 32,
        address in 0u64..1 << 32,
    ) {
        let span = Span { start: start.min(end), end: end.max(start + 1) };
        let inside = shares_granule(span, address);
        prop_assert_eq!(opens(registers(span, Access::ReadOnly), address), inside);
    }

    #[test]
    fn an_empty_span_opens_nothing(span in a_span(), access in an_access()) {
        let region = registers(Span { end: span.start, ..span }, access);
        prop_assert!(!around(span).any(|address| holds(region, address)));
        prop_assert!(!holds(region, 0x2000_0000));
    }

    #[test]
    fn the_unit_can_open_what_stays_within_the_limits(
        span in a_span(),
        below in -2i64..=2,
        above in -2i64..=2,
        access in an_access(),
    ) {
        let region = registers(span, access);
        let opened = opened_span(region, span);
        let start = (opened.start as i64 - below).max(0) as usize;
        let limits = Span { start, end: (opened.end as i64 + above) as usize };
        let inside = limits.contains(opened);
        prop_assert_eq!(coverable(span, limits), inside);
    }

    #[test]
    fn regions_overlap_if_they_share_a_byte(
        one in a_span(),
        gap in -40i64..40,
        length in 1i64..300,
        is_above in any::<bool>(),
    ) {
        let start = if is_above { one.end as i64 } else { one.start as i64 - length };
        let start = (start + gap).clamp(0, (1 << 32) - length);
        let other = Span { start: start as usize, end: (start + length) as usize };
        let regions = [registers(one, Access::ReadWrite), registers(other, Access::ReadOnly)];
        let shared = around(one).find(|&byte| regions.iter().all(|&region| holds(region, byte)));
        prop_assert_eq!(overlap(one, other), shared.is_some());
        prop_assert_eq!(overlap(other, one), shared.is_some());
        if let Some(byte) = shared {
            prop_assert!(!allows(&regions, byte, Wish::Read, true));
        }
    }

    #[test]
    fn leases_are_cut_apart(
        one in a_span(),
        gap in -340i64..40,
        length in 1i64..300,
        writable in any::<[bool; 2]>(),
    ) {
        let start = (one.end as i64 + gap).clamp(0, (1 << 32) - length);
        let other = Span { start: start as usize, end: (start + length) as usize };
        let leases = [(one, writable[0]), (other, writable[1])];
        let open = |(span, writable)| registers(span, Access::of_memory(writable));
        let regions = Vec::from_iter(apart(leases).into_iter().flatten().map(open));
        for address in around(one).chain(around(other)) {
            let holds = |&(span, _): &(Span, bool)| shares_granule(span, address);
            let may_read = leases.iter().any(holds);
            let may_write = leases.iter().filter(|lease| lease.1).any(holds);
            prop_assert_eq!(allows(&regions, address, Wish::Read, false), may_read);
            prop_assert_eq!(allows(&regions, address, Wish::Write, false), may_write);
        }
    }

    #[test]
    fn a_lent_buffer_does_not_overlap_the_callees_stack((stack, pointer) in a_stack()) {
        let top = ArmV8M::window(stack, pointer).top;
        let buffer = Span { start: pointer.next_multiple_of(32), end: stack.end };
        if top == stack.start || buffer.is_empty() {
            return Ok(());
        }
        prop_assert!(ArmV8M::SHAPE.opens(buffer));
        let open = Span { end: top, ..stack };
        prop_assert!(!overlap(open, buffer));
    }
}

#[test]
fn each_access_right_allows_only_its_accesses() {
    use Wish::{Execute, Read, Write};
    let span = Span { start: 0x2000_001f, end: 0x2000_0020 };
    for (access, allowed) in [
        (Access::Flash, &[Read, Execute][..]),
        (Access::ReadWrite, &[Read, Write]),
        (Access::ReadOnly, &[Read]),
        (Access::Device, &[Read, Write]),
    ] {
        let region = registers(span, access);
        for wish in [Read, Write, Execute] {
            for is_kernel in [false, true] {
                let may = allows(&[region], 0x2000_0000, wish, is_kernel);
                assert_eq!(may, allowed.contains(&wish), "{access:?} {wish:?}");
            }
        }
    }
    assert_eq!(Access::of_memory(true), Access::ReadWrite);
    assert_eq!(Access::of_memory(false), Access::ReadOnly);
}

#[test]
fn each_access_is_to_its_type_of_memory() {
    let span = Span { start: 0x2000_001f, end: 0x2000_0020 };
    for (access, is_device, shareability) in [
        (Access::Flash, false, 0b00),
        (Access::ReadWrite, false, 0b10),
        (Access::ReadOnly, false, 0b10),
        (Access::Device, true, 0b00),
    ] {
        let [base, limit] = registers(span, access);
        assert_eq!(base >> 3 & 3, shareability, "{access:?}");
        let index = limit >> 1 & 7;
        let kind = MEMORY_TYPES >> (8 * index) & 0xff;
        // Device memory is non-gathering and non-reordering, with early acknowledgement. Normal memory is
        // write-through, outer and inner.
        assert_eq!(kind, if is_device { 0x04 } else { 0xaa }, "{access:?}");
        // In later versions this bit keeps privileged code from executing.
        assert_eq!(limit >> 4 & 1, 0, "{access:?}");
    }
}

#[test]
fn all_of_memory_is_a_region() {
    let all = Span { start: 0, end: 1 << 32 };
    let region = registers(all, Access::Flash);
    assert!(opens(region, 0) && opens(region, u64::from(u32::MAX)));
}

#[test]
fn nothing_is_open_below_a_stack() {
    let stack = Span { start: 0x2000_0100, end: 0x2000_0200 };
    assert_eq!(ArmV8M::window(stack, 0x2000_00e0), Window { top: stack.start, registers: 0 });
}

#[test]
fn the_lowest_part_of_a_huge_stack_is_open() {
    let most = 0x1f_ffe0;
    for size in [0x10_0000, most, 0x20_0000, 0x40_0000] {
        let stack = Span { start: 0x2000_0000, end: 0x2000_0000 + size };
        let window = ArmV8M::window(stack, stack.end);
        assert_eq!(window.top, stack.start + most.min(size));
        let region = window_registers(stack.start, window.registers);
        assert!(opens(region, window.top as u64 - 1) && !opens(region, window.top as u64));
    }
}
