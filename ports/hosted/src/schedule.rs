// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of interrupts in virtual time, if a seed is given.
//!
//! Without a seed interrupts come only when no thread can run. With a seed, the next time of the timer is now and then
//! brought forward, to some instruction after a system call: the thread is single-stepped up to there. The same seed
//! gives the same run, as long as no input comes from outside.

use std::ops::RangeInclusive;

/// The number of system calls between two such interrupts.
const SYSTEM_CALLS: RangeInclusive<u32> = 1..=12;
/// The number of instructions after which an interrupt comes: up to some power of two, so that small numbers are as
/// likely as large ones. (A step takes Linux some µs.)
const POWERS: RangeInclusive<u32> = 3..=9;

/// Chooses the places of interrupts.
pub struct Schedule {
    random: fastrand::Rng,
    system_calls: u32,
}

impl Schedule {
    /// Creates the schedule of this seed.
    pub fn new(seed: u64) -> Schedule {
        let mut random = fastrand::Rng::with_seed(seed);
        let system_calls = random.u32(SYSTEM_CALLS);
        Schedule { random, system_calls }
    }

    /// Counts a system call. Returns the number of instructions after which an interrupt has to come, if one has to.
    pub fn next(&mut self) -> Option<u32> {
        self.system_calls -= 1;
        if self.system_calls != 0 {
            return None;
        }
        self.system_calls = self.random.u32(SYSTEM_CALLS);
        let most = 1 << self.random.u32(POWERS);
        Some(self.random.u32(1..=most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(seed: u64) -> Vec<Option<u32>> {
        let mut schedule = Schedule::new(seed);
        (0..1000).map(|_| schedule.next()).collect()
    }

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(choices(1), choices(1));
        assert_ne!(choices(1), choices(2));
    }

    #[test]
    fn the_choices_are_in_their_ranges() {
        let choices = choices(3);
        assert!(choices.iter().flatten().all(|steps| (1..=1 << POWERS.end()).contains(steps)));
        let longest = choices.split(Option::is_some).map(<[_]>::len).max();
        assert_eq!(longest, Some(*SYSTEM_CALLS.end() as usize - 1));
    }
}
