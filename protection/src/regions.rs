// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fewest regions that open several ranges.

use crate::region::{Region, ends, log2_eighth};
use crate::{Shape, Span};

/// The greatest number of ranges for which [`Regions`] can be computed.
pub const MOST_RANGES: usize = 8;
const SUBSETS: usize = 1 << MOST_RANGES;

/// The fewest regions that open some ranges, and no other byte.
///
/// ```
/// use crossgate_protection::{Regions, Shape, Span};
///
/// let device = |start| Span { start, end: start + 0x1000 };
/// let devices = [device(0x4000_c000), device(0x4000_d000), device(0x4000_f000), device(0x4002_5000)];
/// let regions = Regions::of(Shape::Eighths, &devices).unwrap();
/// assert_eq!(regions.count(), 2);
/// assert!(regions.get(0).opens(0x4000_dfff) && !regions.get(0).opens(0x4000_e000));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Regions {
    regions: [Region; MOST_RANGES],
    count: usize,
    /// The region of each range.
    of_ranges: [usize; MOST_RANGES],
}

impl Regions {
    /// Returns the fewest regions of this shape that open all bytes of these ranges and no others. Returns `None` if
    /// there are none, because a range begins or ends where no region can, and no other range is adjacent there.
    ///
    /// # Panics
    /// If there are more than [`MOST_RANGES`] ranges, or if a range is empty.
    #[must_use]
    pub const fn of(shape: Shape, ranges: &[Span]) -> Option<Regions> {
        assert!(ranges.len() <= MOST_RANGES, "too many ranges");
        let sorted = Sorted::new(ranges);
        // For each set of ranges, `counts` contains the least number of regions that open the set, and `firsts`
        // contains the ranges that the first of these regions opens.
        let (mut counts, mut firsts) = ([usize::MAX; SUBSETS], [0; SUBSETS]);
        counts[0] = 0;
        let mut set = 1_usize;
        while set < 1 << ranges.len() {
            // The first region of a set opens the lowest range of the set, and perhaps some of the other ranges.
            let lowest = set & set.wrapping_neg();
            let others = set ^ lowest;
            let mut with = others;
            loop {
                let first = lowest | with;
                let rest = counts[set ^ first];
                if rest < counts[set] - 1 && sorted.region(shape, first).is_some() {
                    (counts[set], firsts[set]) = (rest + 1, first);
                }
                if with == 0 {
                    break;
                }
                with = (with - 1) & others;
            }
            set += 1;
        }

        let mut result =
            Regions { regions: [Region::NONE; MOST_RANGES], count: 0, of_ranges: [0; MOST_RANGES] };
        let mut set = (1 << ranges.len()) - 1;
        if counts[set] == usize::MAX {
            return None;
        }
        while set != 0 {
            let Some(region) = sorted.region(shape, firsts[set]) else { return None };
            result.regions[result.count] = region;
            let mut place = 0;
            while place < ranges.len() {
                if firsts[set] >> place & 1 != 0 {
                    result.of_ranges[sorted.numbers[place]] = result.count;
                }
                place += 1;
            }
            result.count += 1;
            set ^= firsts[set];
        }
        Some(result)
    }

    /// Returns the number of regions.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Returns region `number`, counted from 0.
    ///
    /// # Panics
    /// If there is no such region.
    #[must_use]
    pub const fn get(&self, number: usize) -> Region {
        assert!(number < self.count, "no such region");
        self.regions[number]
    }

    /// Returns the number of the region that opens range `number`.
    #[must_use]
    pub const fn of_range(&self, number: usize) -> usize {
        self.of_ranges[number]
    }
}

/// Ranges in the order of their addresses, and the number that each had before.
struct Sorted {
    ranges: [Span; MOST_RANGES],
    numbers: [usize; MOST_RANGES],
}

impl Sorted {
    const fn new(ranges: &[Span]) -> Sorted {
        let mut sorted = Sorted { ranges: [Span::EMPTY; MOST_RANGES], numbers: [0; MOST_RANGES] };
        let mut number = 0;
        while number < ranges.len() {
            let range = ranges[number];
            assert!(range.start != range.end, "a range is empty");
            let mut place = number;
            while place > 0 && sorted.ranges[place - 1].start > range.start {
                sorted.ranges[place] = sorted.ranges[place - 1];
                sorted.numbers[place] = sorted.numbers[place - 1];
                place -= 1;
            }
            (sorted.ranges[place], sorted.numbers[place]) = (range, number);
            number += 1;
        }
        sorted
    }

    /// Returns the region that opens exactly this set of ranges, which must not be empty.
    const fn region(&self, shape: Shape, set: usize) -> Option<Region> {
        let (start, _) = ends(self.ranges[set.trailing_zeros() as usize]);
        let mut last = start;
        let mut place = 0;
        while place < MOST_RANGES {
            let (_, end) = ends(self.ranges[place]);
            if set >> place & 1 != 0 && end > last {
                last = end;
            }
            place += 1;
        }
        let eighth = log2_eighth(start, last);

        // The bytes from `first` up to `end` are a run without a gap. `open` has the eighths of all runs before this
        // run.
        let (mut first, mut end, mut open) = (start as u64, start as u64, Some(0));
        place = 0;
        while place < MOST_RANGES {
            let (next, next_last) = ends(self.ranges[place]);
            let (next, next_end) = (next as u64, next_last as u64 + 1);
            if set >> place & 1 != 0 {
                if next > end {
                    open = and_run(open, first, end, eighth);
                    first = next;
                }
                if next_end > end {
                    end = next_end;
                }
            }
            place += 1;
        }
        let is_one_run = first == start as u64;
        let closed = match shape {
            Shape::Run { granule, .. } => {
                if is_one_run && (first | end) % granule as u64 == 0 {
                    Some(0)
                } else {
                    None
                }
            }
            Shape::Eighths => match and_run(open, first, end, eighth) {
                Some(open) => Some(!open),
                None => None,
            },
            Shape::PowersOfTwo { smallest } => {
                let size = end - first;
                let is_block = size.is_power_of_two() && first % size == 0;
                if is_one_run && is_block && size >= smallest as u64 { Some(0) } else { None }
            }
        };
        let span = Span { start: start as usize, end: (last as usize).wrapping_add(1) };
        match closed {
            Some(closed) => Some(Region { span, closed }),
            None => None,
        }
    }
}

/// Adds the eighths that a run of bytes fills. Returns `None` if the run fills an eighth only in part.
const fn and_run(open: Option<u8>, first: u64, end: u64, log2_eighth: u32) -> Option<u8> {
    match open {
        Some(open) if (first | end).trailing_zeros() >= log2_eighth => {
            let eighths = (1u32 << ((end - first) >> log2_eighth)) - 1;
            Some(open | (eighths << ((first >> log2_eighth) % 8)) as u8)
        }
        _ => None,
    }
}
