// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of interrupts in virtual time, if a seed is given.
//!
//! Without a seed, interrupts come only when no thread can run. With a seed, the timer sometimes interrupts earlier, at
//! some instruction after a system call. The thread is single-stepped up to this instruction. The same seed gives the
//! same run, as long as no input comes from outside.
//!
//! These interrupts become rarer in a long run, because a step takes long, and because a run of a hundred thousand
//! system calls makes most of them from the same few places. The distances remain uneven, so that two interrupts may be
//! close together even late in a run.

use std::ops::RangeInclusive;

/// The number of system calls between two such interrupts, at the start of a run.
const SYSTEM_CALLS: RangeInclusive<u32> = 1..=12;
/// After this number of steps the mean distance between two such interrupts has doubled. After twice as many steps it
/// is three times as large.
const DOUBLED: u64 = 8192;
/// The exponents of powers of two. An interrupt comes after a random number of instructions up to such a power, so that
/// small numbers are as likely as large numbers. (A step takes Linux some µs, and 10 µs on a virtual machine.)
const POWERS: RangeInclusive<u32> = 3..=9;

/// Chooses the places of interrupts.
pub struct Schedule {
    random: fastrand::Rng,
    system_calls: u32,
    /// The sum of all steps.
    steps: u64,
}

impl Schedule {
    /// Creates the schedule of this seed.
    pub fn new(seed: u64) -> Schedule {
        let random = fastrand::Rng::with_seed(seed);
        let mut schedule = Schedule { random, system_calls: 0, steps: 0 };
        schedule.choose_distance();
        schedule
    }

    /// Counts a system call. If an interrupt has to come, returns the number of instructions before it.
    pub fn next(&mut self) -> Option<u32> {
        self.system_calls -= 1;
        if self.system_calls != 0 {
            return None;
        }
        let most = 1 << self.random.u32(POWERS);
        let steps = self.random.u32(1..=most);
        self.steps += u64::from(steps);
        self.choose_distance();
        Some(steps)
    }

    /// Chooses the number of system calls up to the next interrupt.
    fn choose_distance(&mut self) {
        let doubled = u32::try_from(self.steps / DOUBLED).unwrap_or(u32::MAX);
        // This factor is 1 on average at the start. Its average grows by 1 after each `DOUBLED` steps.
        let times = self.random.u32(1..=doubled.saturating_mul(2).saturating_add(1));
        self.system_calls = self.random.u32(SYSTEM_CALLS).saturating_mul(times);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(seed: u64, system_calls: usize) -> Vec<Option<u32>> {
        let mut schedule = Schedule::new(seed);
        (0..system_calls).map(|_| schedule.next()).collect()
    }

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(choices(1, 1000), choices(1, 1000));
        assert_ne!(choices(1, 1000), choices(2, 1000));
    }

    #[test]
    fn the_choices_are_in_their_ranges() {
        let choices = choices(3, 1000);
        assert!(choices.iter().flatten().all(|steps| (1..=1 << POWERS.end()).contains(steps)));
    }

    #[test]
    fn a_short_run_has_an_interrupt_every_few_system_calls() {
        let all = (1..=100).flat_map(|seed| choices(seed, 500)).collect::<Vec<_>>();
        let longest = all.chunks(500).flat_map(|run| run.split(Option::is_some).map(<[_]>::len));
        assert_eq!(longest.max(), Some(*SYSTEM_CALLS.end() as usize - 1));
    }

    #[test]
    fn interrupts_of_a_long_run_become_rare_but_never_regular() {
        let choices = choices(4, 200_000);
        let count = |part: &[Option<u32>]| part.iter().flatten().count();
        let first = count(&choices[..1000]);
        assert!((100..200).contains(&first), "{first}");
        let last = count(&choices[190_000..]);
        assert!((20..200).contains(&last), "{last}");
        let steps: u32 = choices.iter().flatten().sum();
        assert!((100_000..300_000).contains(&steps), "{steps}");
        let late = &choices[100_000..];
        let shortest = late.split(Option::is_some).skip(1).map(<[_]>::len).min();
        assert!(shortest < Some(*SYSTEM_CALLS.end() as usize), "{shortest:?}");
    }
}
