// SPDX-License-Identifier: MIT OR Apache-2.0
//! Groups of processes, and the members that restart after a crash.

use core::time::Duration;
use crossgate_abi::table::System;

/// The largest number of groups of a tree.
pub const GROUPS: usize = 8;
/// The largest number of crashes that a group can allow in its period.
pub const LIMIT: usize = 8;

/// The members that restart when a member of a group has crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Only that member.
    OneForOne,
    /// That member, and the members after it in the list, which depend on it.
    RestForOne,
    /// All members of the group.
    OneForAll,
}

/// A member of a group.
#[derive(Clone, Copy, Debug)]
pub enum Member {
    /// The process of this name.
    Process(&'static str),
    /// A group.
    Group(&'static Group),
}

/// Members that are supervised together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The members that restart after a crash.
    pub strategy: Strategy,
    /// The number of crashes that the group allows in a [`period`](Self::period), at most [`LIMIT`]. With one more
    /// crash the group fails.
    pub limit: u8,
    /// The time for which a crash counts.
    pub period: Duration,
    /// The members in the order in which they start: a member comes before those that depend on it.
    pub members: &'static [Member],
}

/// The actions that a supervisor can take.
pub trait Control {
    /// The time since start in µs.
    fn now(&self) -> u64;
    fn restart(&mut self, process: u8);
    fn stop(&mut self, process: u8);
}

/// The times of those crashes in a group that still count.
#[derive(Clone, Copy)]
struct Crashes {
    times: [u64; LIMIT],
    count: usize,
}

impl Crashes {
    const NONE: Crashes = Crashes { times: [0; LIMIT], count: 0 };

    /// Adds a crash. Returns `true` if the group allows it.
    fn add(&mut self, group: &Group, now: u64) -> bool {
        let period = u64::try_from(group.period.as_micros()).unwrap_or(u64::MAX);
        let mut kept = Crashes::NONE;
        for &time in self.times.iter().take(self.count) {
            if now - time < period {
                kept.times[kept.count] = time;
                kept.count += 1;
            }
        }
        let is_allowed = kept.count < usize::from(group.limit).min(LIMIT);
        if is_allowed {
            kept.times[kept.count] = now;
            kept.count += 1;
        } else {
            // A group that restarts as a whole begins without counted crashes.
            kept = Crashes::NONE;
        }
        *self = kept;
        is_allowed
    }
}

/// A tree of groups, and the crashes in them.
pub struct Tree {
    root: &'static Group,
    system: &'static System,
    /// The crashes of each group, in the order of [`Tree::descend`].
    crashes: [Crashes; GROUPS],
}

/// The outcome of a crash in a group.
enum Outcome {
    /// The process is not in the group.
    Elsewhere,
    /// The group has handled the crash.
    Done,
    /// The group has failed.
    Failed,
}

impl Tree {
    /// Creates a tree that fits the wiring, which [`Policy`](crate::Policy) has checked.
    pub fn new(root: &'static Group, system: &'static System) -> Tree {
        Tree { root, system, crashes: [Crashes::NONE; GROUPS] }
    }

    /// Handles the crash of a process. Returns `false` if the outermost group has failed. A process that is in no group
    /// is ignored.
    #[must_use]
    pub fn crashed(&mut self, process: u8, control: &mut impl Control) -> bool {
        let mut number = 0;
        !matches!(self.descend(self.root, &mut number, process, control), Outcome::Failed)
    }

    /// Handles the crash in one group and the groups in it. `number` counts the groups that were visited.
    fn descend(
        &mut self,
        group: &'static Group,
        number: &mut usize,
        process: u8,
        control: &mut impl Control,
    ) -> Outcome {
        let own = *number;
        *number += 1;
        for (index, member) in group.members.iter().enumerate() {
            let is_down = match member {
                Member::Process(name) => index_of(self.system, name) == Some(process),
                Member::Group(inner) => match self.descend(inner, number, process, control) {
                    Outcome::Elsewhere => false,
                    Outcome::Done => return Outcome::Done,
                    Outcome::Failed => true,
                },
            };
            if is_down {
                let now = control.now();
                let is_allowed =
                    self.crashes.get_mut(own).is_some_and(|crashes| crashes.add(group, now));
                if !is_allowed {
                    return Outcome::Failed;
                }
                let concerned = match group.strategy {
                    Strategy::OneForOne => group.members.get(index..=index),
                    Strategy::RestForOne => group.members.get(index..),
                    Strategy::OneForAll => Some(group.members),
                };
                let concerned = concerned.unwrap_or(&[]);
                self.stop(concerned, control);
                self.restart(concerned, control);
                return Outcome::Done;
            }
        }
        Outcome::Elsewhere
    }

    /// The last member stops first, because it may depend on the members before it.
    fn stop(&self, members: &[Member], control: &mut impl Control) {
        for member in members.iter().rev() {
            match member {
                Member::Process(name) => {
                    if let Some(process) = index_of(self.system, name) {
                        control.stop(process);
                    }
                }
                Member::Group(group) => self.stop(group.members, control),
            }
        }
    }

    fn restart(&self, members: &[Member], control: &mut impl Control) {
        for member in members {
            match member {
                Member::Process(name) => {
                    if let Some(process) = index_of(self.system, name) {
                        control.restart(process);
                    }
                }
                Member::Group(group) => self.restart(group.members, control),
            }
        }
    }
}

fn index_of(system: &System, name: &str) -> Option<u8> {
    let index = system.processes.iter().position(|process| process.name == name)?;
    u8::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    crossgate::system! {
        static SYSTEM;
        process sensor { thread main (priority = 1, stack = 512) = crossgate::thread::exit(); }
        process control { thread main (priority = 1, stack = 512) = crossgate::thread::exit(); }
        process fan { thread main (priority = 1, stack = 512) = crossgate::thread::exit(); }
        process alone { thread main (priority = 1, stack = 512) = crossgate::thread::exit(); }
    }

    const SENSOR: u8 = 0;
    const CONTROL: u8 = 1;
    const FAN: u8 = 2;
    const ALONE: u8 = 3;

    #[derive(Default)]
    struct Fake {
        now: u64,
        done: Vec<(&'static str, u8)>,
    }

    impl Control for Fake {
        fn now(&self) -> u64 {
            self.now
        }
        fn restart(&mut self, process: u8) {
            self.done.push(("restart", process));
        }
        fn stop(&mut self, process: u8) {
            self.done.push(("stop", process));
        }
    }

    const ALL: &[Member] =
        &[Member::Process("sensor"), Member::Process("control"), Member::Process("fan")];
    const SECOND: Duration = Duration::from_secs(1);

    const fn group(strategy: Strategy, limit: u8, members: &'static [Member]) -> Group {
        Group { strategy, limit, period: SECOND, members }
    }

    /// The actions that follow when the process in the middle crashes.
    fn done(root: &'static Group) -> Vec<(&'static str, u8)> {
        let mut fake = Fake::default();
        assert!(Tree::new(root, &SYSTEM).crashed(CONTROL, &mut fake));
        fake.done
    }

    #[test]
    fn the_strategy_tells_who_restarts() {
        static ONE: Group = group(Strategy::OneForOne, 1, ALL);
        static REST: Group = group(Strategy::RestForOne, 1, ALL);
        static EACH: Group = group(Strategy::OneForAll, 1, ALL);
        assert_eq!(done(&ONE), [("stop", CONTROL), ("restart", CONTROL)]);
        assert_eq!(
            done(&REST),
            [("stop", FAN), ("stop", CONTROL), ("restart", CONTROL), ("restart", FAN)]
        );
        let order = [FAN, CONTROL, SENSOR].map(|process| ("stop", process));
        let again = [SENSOR, CONTROL, FAN].map(|process| ("restart", process));
        assert_eq!(done(&EACH), [order, again].concat());
    }

    #[test]
    fn crashes_count_for_a_period() {
        static ROOT: Group = group(Strategy::OneForOne, 2, ALL);
        let (mut tree, mut fake) = (Tree::new(&ROOT, &SYSTEM), Fake::default());
        for now in [0, 400_000, 1_000_000, 1_400_000, 2_000_000] {
            fake.now = now;
            assert!(tree.crashed(SENSOR, &mut fake), "at {now}");
        }
        fake.now = 2_300_000;
        fake.done.clear();
        assert!(!tree.crashed(FAN, &mut fake), "whoever it is");
        assert_eq!(fake.done, []);
    }

    #[test]
    fn a_group_that_fails_is_a_member_that_crashed() {
        static INNER: Group = group(Strategy::OneForOne, 1, &[Member::Process("sensor")]);
        static ROOT: Group = group(
            Strategy::RestForOne,
            1,
            &[Member::Process("fan"), Member::Group(&INNER), Member::Process("control")],
        );
        let (mut tree, mut fake) = (Tree::new(&ROOT, &SYSTEM), Fake::default());
        assert!(tree.crashed(SENSOR, &mut fake));
        assert_eq!(fake.done, [("stop", SENSOR), ("restart", SENSOR)]);
        fake.done.clear();
        assert!(tree.crashed(SENSOR, &mut fake));
        assert_eq!(
            fake.done,
            [("stop", CONTROL), ("stop", SENSOR), ("restart", SENSOR), ("restart", CONTROL)]
        );
        assert!(tree.crashed(SENSOR, &mut fake), "the group began with a clean record");
        assert!(!tree.crashed(SENSOR, &mut fake), "the outermost group has failed");
    }

    #[test]
    fn who_is_in_no_group_is_left_alone() {
        static ROOT: Group = group(Strategy::OneForAll, 0, ALL);
        let mut fake = Fake::default();
        assert!(Tree::new(&ROOT, &SYSTEM).crashed(ALONE, &mut fake));
        assert_eq!(fake.done, []);
        assert!(!Tree::new(&ROOT, &SYSTEM).crashed(FAN, &mut fake), "none is allowed");
    }
}
