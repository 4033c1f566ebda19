// SPDX-License-Identifier: MIT OR Apache-2.0
//! The health tests of a noise source that NIST SP 800-90B describes in section 4.4: the repetition count test and the
//! adaptive proportion test. A sample is a byte.

/// The binary logarithm of the probability that a test rejects a sample of a healthy source, with its sign changed.
const FALSE_ALARM: u32 = 30;

/// The number of samples of a window of the adaptive proportion test.
const WINDOW: u16 = 512;

/// The state of both tests.
#[derive(Debug)]
pub struct Health {
    /// The repetition count test fails at this number of equal samples in a row.
    longest_run: u16,
    /// The adaptive proportion test fails at this number of samples in a window that equal its first sample.
    most_equal: u16,
    last: Option<u8>,
    run: u16,
    first: u8,
    equal: u16,
    /// The number of samples of the present window so far.
    seen: u16,
}

impl Health {
    /// Creates the tests of a source that gives at least this number of bits of entropy with each byte.
    ///
    /// # Panics
    /// If `bits` is not a number from 1 to 8.
    pub const fn new(bits: u32) -> Health {
        assert!(bits >= 1 && bits <= 8, "a byte of a source has 1 to 8 bits of entropy");
        Health {
            longest_run: 1 + FALSE_ALARM.div_ceil(bits) as u16,
            most_equal: most_equal(bits),
            last: None,
            run: 0,
            first: 0,
            equal: 0,
            seen: 0,
        }
    }

    /// Tests the next sample. Returns whether the source still seems to be healthy.
    #[must_use]
    pub fn accepts(&mut self, sample: u8) -> bool {
        self.run = if self.last == Some(sample) { self.run + 1 } else { 1 };
        self.last = Some(sample);
        if self.seen == 0 {
            (self.first, self.equal) = (sample, 0);
        }
        if sample == self.first {
            self.equal += 1;
        }
        self.seen = (self.seen + 1) % WINDOW;
        self.run < self.longest_run && self.equal < self.most_equal
    }
}

/// Returns the limit of the adaptive proportion test, for a source with this entropy. It counts the samples of a window
/// that equal the first sample. A healthy source reaches the limit only with the probability of a false alarm.
const fn most_equal(bits: u32) -> u16 {
    let alarm = 1.0 / (1_u64 << FALSE_ALARM) as f64;
    let likely = 1.0 / (1_u64 << bits) as f64;
    let others = WINDOW - 1;
    // `exactly` is the probability that exactly `count` of the other samples equal the first; `count` starts at 0. The
    // second value is the probability of more than `count`.
    let mut exactly = 1.0;
    let mut sample = 0;
    while sample < others {
        exactly *= 1.0 - likely;
        sample += 1;
    }
    let (mut count, mut more) = (0, 1.0 - exactly);
    while more > alarm {
        exactly *= (others - count) as f64 / (count + 1) as f64 * likely / (1.0 - likely);
        count += 1;
        more -= exactly;
    }
    // The first sample, the `count` equal samples, and the one sample that is too many.
    count + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of samples that the tests accept before they reject one; `None` if they accept all.
    fn accepted(bits: u32, samples: impl IntoIterator<Item = u8>) -> Option<usize> {
        let mut health = Health::new(bits);
        samples.into_iter().position(|sample| !health.accepts(sample))
    }

    #[test]
    fn a_source_that_is_stuck_is_found_by_the_repetition_count() {
        for (bits, run) in [(8, 4), (4, 8), (1, 30)] {
            let stuck = (0..100).map(|index| if index < 10 { index } else { 77 });
            assert_eq!(accepted(bits, stuck), Some(10 + run), "{bits} bits");
            let almost = (0..2000).map(|index| (index / run) as u8);
            assert_eq!(accepted(bits, almost), None, "{bits} bits, runs of {run}");
        }
    }

    #[test]
    fn a_value_that_comes_too_often_is_found_by_the_adaptive_proportion() {
        // Every fourth sample is the same: the tests accept this from a source of two bits for each byte, but not from
        // a better one.
        let often = || (0..10_240).map(|index| if index % 4 == 0 { 9 } else { index as u8 | 128 });
        assert_eq!(accepted(2, often()), None);
        assert!(accepted(4, often()).is_some_and(|index| index < usize::from(WINDOW)));
        assert!(accepted(8, often()).is_some());
    }

    #[test]
    fn the_cutoffs_are_those_of_the_binomial_distribution() {
        // These numbers were calculated from the definition with exact fractions.
        assert_eq!([most_equal(1), most_equal(8)], [325, 17]);
        assert!((1..8).all(|bits| most_equal(bits) > most_equal(bits + 1)));
    }
}
