// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device registers of processes: their limits, their owners, and the regions that open them.

use crossgate_abi::message::{Number, fail, is_same};
use crossgate_abi::table::{Mmio, MmioRegion};
use crossgate_abi::{MAX_MMIO, MMIO_REGIONS};
use crossgate_protection::{MOST_RANGES, Native, Regions, Shape, Span, Unit};

const _: () = assert!(MAX_MMIO == MOST_RANGES, "`Regions` takes as many ranges");

/// The size of the smallest range in bytes: every unit can open such a range.
const SMALLEST: usize = 32;

/// The largest block that a message proposes as one range. Unrelated devices lie farther apart.
const LARGEST_PROPOSAL: usize = 1 << 16;

/// A range of the wiring.
#[derive(Clone, Copy, Debug)]
pub struct OwnedMmio {
    /// The process that owns it.
    pub process: &'static str,
    /// The expression in the wiring.
    pub written: &'static str,
    /// True if other processes may also own the range.
    pub is_shared: bool,
    /// The registers.
    pub range: Mmio,
}

/// Checks a range of device registers, and returns it.
#[must_use]
#[track_caller]
pub const fn mmio(range: Mmio) -> Mmio {
    let Mmio { start, size } = range;
    if size < SMALLEST || size > 1 << 31 || !size.is_power_of_two() {
        fail(&[
            "the size of an `mmio` range is a power of two, 32 bytes to 2 GiB, not ",
            Number::decimal(size).text(),
        ]);
    }
    if start > u32::MAX as usize || !start.is_multiple_of(size) {
        fail(&[
            "an `mmio` range starts at a multiple of its size, below 4 GiB, not at ",
            Number::hexadecimal(start).text(),
        ]);
    }
    range
}

/// Refuses range `index` if it overlaps a range before it, unless the wiring says of both that they are shared. If it
/// is the last range of its process, also refuses the ranges of the process if they need too many regions. The ranges
/// of a process are consecutive in `mmio`.
#[track_caller]
pub const fn check_mmio(mmio: &[OwnedMmio], index: usize) {
    let OwnedMmio { process, is_shared, range, .. } = &mmio[index];
    let (mut other, mut first) = (0, index);
    while other < index {
        let OwnedMmio {
            process: other_process, is_shared: other_is_shared, range: of_other, ..
        } = &mmio[other];
        let is_own = is_same(process, other_process);
        if is_own && other < first {
            first = other;
        }
        // The end of a range may be the end of the address space.
        let overlap = range.start <= of_other.start + (of_other.size - 1)
            && of_other.start <= range.start + (range.size - 1);
        if overlap && is_own {
            fail(&["process `", process, "` owns the same device registers twice"]);
        }
        if overlap && !(*is_shared && *other_is_shared) {
            fail(&[
                "processes `",
                other_process,
                "` and `",
                process,
                "` own the same device registers; if that is intended, write `shared mmio` in both",
            ]);
        }
        other += 1;
    }
    if index + 1 == mmio.len() || !is_same(process, mmio[index + 1].process) {
        let (_, own) = mmio.split_at(first);
        let (own, _) = own.split_at(index + 1 - first);
        check_regions(Native::SHAPE, own);
    }
}

/// Refuses the ranges of a process if they need too many regions of this shape. The message lists the ranges by region, and proposes
/// solutions.
#[track_caller]
const fn check_regions(shape: Shape, own: &[OwnedMmio]) {
    let mut ranges = [Mmio { start: 0, size: 0 }; MAX_MMIO];
    let mut number = 0;
    while number < own.len() {
        ranges[number] = own[number].range;
        number += 1;
    }
    let (ranges, _) = ranges.split_at(own.len());
    let regions = of(shape, ranges);
    if regions.count() <= MMIO_REGIONS {
        return;
    }

    // Each range needs at most three parts of the text: the part before its name, the name, and a quote.
    let mut parts = [""; 3 * MAX_MMIO + 20];
    let mut end = 0;
    let count = Number::decimal(regions.count());
    let most = Number::decimal(MMIO_REGIONS);
    let start = ["the `mmio` ranges of process `", own[0].process, "` need ", count.text()];
    append(&mut parts, &mut end, &start);
    append(&mut parts, &mut end, &[" regions of the protection unit, not ", most.text()]);
    let mut region = 0;
    while region < regions.count() {
        let mut before = if region == 0 { ": `" } else { "; `" };
        let mut number = 0;
        while number < own.len() {
            if regions.of_range(number) == region {
                append(&mut parts, &mut end, &[before, own[number].written]);
                before = "` with `";
            }
            number += 1;
        }
        append(&mut parts, &mut end, &["`"]);
        region += 1;
    }
    append(&mut parts, &mut end, &[". Give some to another process, which serves them"]);

    let (block, one, other) = closest(ranges, &regions);
    let (start, size) = (Number::hexadecimal(block.start), Number::hexadecimal(block.size));
    if block.size <= LARGEST_PROPOSAL {
        let proposal = ["; or, if nothing there is another's, own `Mmio { start: ", start.text()];
        append(&mut parts, &mut end, &proposal);
        append(&mut parts, &mut end, &[", size: ", size.text(), " }` instead of `"]);
        append(&mut parts, &mut end, &[own[one].written, "` and `", own[other].written, "`"]);
    }
    fail(parts.split_at(end).0);
}

const fn append<'a>(parts: &mut [&'a str], end: &mut usize, more: &[&'a str]) {
    let mut index = 0;
    while index < more.len() {
        parts[*end] = more[index];
        (*end, index) = (*end + 1, index + 1);
    }
}

/// Returns the smallest range that holds two of the ranges from different regions, and the numbers of these two.
const fn closest(ranges: &[Mmio], regions: &Regions) -> (Mmio, usize, usize) {
    let mut closest = (Mmio { start: 0, size: usize::MAX }, 0, 0);
    let mut other = 0;
    while other < ranges.len() {
        let mut one = 0;
        while one < other {
            let differing = ranges[one].start ^ ranges[other].start;
            let mut size = if ranges[one].size > ranges[other].size {
                ranges[one].size
            } else {
                ranges[other].size
            };
            while differing / size != 0 && size < 1 << 31 {
                size *= 2;
            }
            if regions.of_range(one) != regions.of_range(other) && size < closest.0.size {
                let start = ranges[one].start / size * size;
                closest = (Mmio { start, size }, one, other);
            }
            one += 1;
        }
        other += 1;
    }
    closest
}

/// Returns the number of regions that open the ranges of a process; 0 if the process has too many ranges, which
/// [`check_mmio`] reports.
#[must_use]
pub const fn region_count(ranges: &[Mmio]) -> usize {
    let count = of(Native::SHAPE, ranges).count();
    if count > MMIO_REGIONS { 0 } else { count }
}

/// Returns the regions that open the ranges of a process.
#[must_use]
pub const fn regions<const COUNT: usize>(ranges: &[Mmio]) -> [MmioRegion; COUNT] {
    let found = of(Native::SHAPE, ranges);
    let mut regions = [MmioRegion { start: 0, size: 0, closed: 0 }; COUNT];
    let mut number = 0;
    while number < COUNT {
        let region = found.get(number);
        regions[number] = MmioRegion {
            start: region.span.start,
            size: region.span.end.wrapping_sub(region.span.start),
            closed: region.closed,
        };
        number += 1;
    }
    regions
}

/// Returns the fewest regions that open exactly these ranges.
const fn of(shape: Shape, ranges: &[Mmio]) -> Regions {
    let mut spans = [Span::EMPTY; MAX_MMIO];
    let mut number = 0;
    while number < ranges.len() {
        let Mmio { start, size } = ranges[number];
        spans[number] = Span { start, end: start.wrapping_add(size) };
        number += 1;
    }
    match Regions::of(shape, spans.split_at(ranges.len()).0) {
        Some(regions) => regions,
        None => fail(&["an `mmio` range is not a region of the protection unit"]),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::wiring::testing::refused;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn windows_at_their_limits() {
        let said = |start, size| refused(|| mmio(Mmio { start, size })).unwrap_or_default();
        for log2_size in 5..32 {
            let size = 1 << log2_size;
            for start in [0, size, (1 << 32) - size] {
                assert_eq!(said(start, size), "");
            }
            let odd = said(size + size / 2, size);
            assert!(odd.ends_with(&format!("not at {:#x}", size + size / 2)), "{odd}");
            assert!(said(1 << 32, size).ends_with("below 4 GiB, not at 0x100000000"));
        }
        for size in [0, 1, 16, 31, 33, (1 << 31) + 1, 1 << 32, usize::MAX] {
            assert!(said(0, size).ends_with(&format!("32 bytes to 2 GiB, not {size}")));
        }
    }

    /// Returns the ranges of a process, of 4 KiB each, by the numbers of their pages from 0x4000_0000 on.
    fn pages(process: &'static str, pages: &[usize]) -> Vec<OwnedMmio> {
        const NAMES: [&str; MAX_MMIO] = ["A", "B", "C", "D", "E", "F", "G", "H"];
        let page = |(&page, written): (&usize, &&'static str)| OwnedMmio {
            process,
            written,
            is_shared: false,
            range: Mmio { start: 0x4000_0000 + 0x1000 * page, size: 0x1000 },
        };
        pages.iter().zip(&NAMES).map(page).collect()
    }

    /// Returns the message of the compiler about the last range.
    fn said(own: &[OwnedMmio]) -> String {
        let own = own.to_vec();
        refused(move || check_mmio(&own, own.len() - 1)).unwrap_or_default()
    }

    #[test]
    fn neighbours_share_a_region() {
        let ranges =
            |own: &[usize]| -> Vec<Mmio> { pages("p", own).iter().map(|it| it.range).collect() };
        let eight = [8, 9, 10, 11, 12, 13, 14, 15];
        assert_eq!(region_count(&ranges(&eight)), 1);
        let uarts = ranges(&[12, 13, 14, 37]);
        assert_eq!(region_count(&uarts), 2);
        assert_eq!(
            regions::<2>(&uarts),
            [
                MmioRegion { start: 0x4000_c000, size: 0x3000, closed: 0b1100_0000 },
                MmioRegion { start: 0x4002_5000, size: 0x1000, closed: 0 },
            ]
        );
        assert_eq!(region_count(&[]), 0);
        // Two ranges at any distance, and eighths that are not adjacent, in any order.
        for own in [&[0, 0x400][..], &[8, 15, 12], &[4, 37, 6, 36, 39], &eight] {
            assert_eq!(said(&pages("p", own)), "");
        }
    }

    #[test]
    fn ranges_that_need_more_regions_are_named() {
        let text = said(&pages("motor", &[12, 37, 13, 48]));
        let expected = "the `mmio` ranges of process `motor` need 3 regions of the protection unit, \
            not 2: `A` with `C`; `B`; `D`. Give some to another process, which serves them";
        assert_eq!(text, expected);
        // Two devices in different halves of a block. The eighths of this block are larger than the devices.
        let text = said(&pages("p", &[0, 9, 20]));
        assert!(text.contains("`A`; `B`; `C`."), "{text}");
        let proposal = "; or, if nothing there is another's, own `Mmio { start: 0x40000000, size: \
            0x10000 }` instead of `A` and `B`";
        assert!(text.ends_with(proposal), "{text}");
    }

    /// Only eighths can be left out of a region. So on other units, more ranges than two need to be neighbours.
    #[test]
    fn ranges_with_gaps_need_more_regions_where_a_region_is_a_run() {
        let said = |shape, own: &[usize]| {
            let own = pages("driver", own);
            refused(move || check_regions(shape, &own)).unwrap_or_default()
        };
        let run = Shape::Run { granule: 32, stack_granule: 32 };
        let power_of_two = Shape::PowersOfTwo { smallest: 32 };
        assert_eq!(said(Shape::Eighths, &[0, 2, 4]), "");
        for shape in [run, power_of_two] {
            assert!(said(shape, &[0, 2, 4]).contains("need 3 regions"));
            assert_eq!(said(shape, &[0, 4, 1]), "");
        }
        // Three neighbours are a run, but no power of two.
        assert_eq!(said(run, &[0, 4, 1, 2]), "");
        assert!(said(power_of_two, &[0, 4, 1, 2]).contains("need 3 regions"));
    }

    #[test]
    fn the_ranges_of_others_do_not_count() {
        let ranges = [
            pages("first", &[0, 100]),
            pages("second", &[200, 300]),
            pages("third", &[400, 500, 600]),
        ];
        let ranges = ranges.concat();
        for index in 0..6 {
            assert_eq!(said(&ranges[..=index]), "");
        }
        assert!(said(&ranges).contains("process `third` need 3 regions"));
    }
}
