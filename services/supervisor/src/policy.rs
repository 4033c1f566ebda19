// SPDX-License-Identifier: MIT OR Apache-2.0
//! A tree of groups, checked against the wiring.

use crate::tree::{GROUPS, Group, LIMIT, Member};
use crossgate_abi::message::{fail, is_same};
use crossgate_abi::table::{OnFault, System};

/// The rules of a supervisor, and the processes to which they apply. The compiler checks a policy that is a `static`.
pub struct Policy {
    pub(crate) root: &'static Group,
    pub(crate) system: &'static System,
}

impl Policy {
    /// Creates the policy of a tree of processes in the wiring `system`.
    ///
    /// # Panics
    /// If the tree names a process that the wiring does not have, names a process without `on_fault = stop;`, or names
    /// a process twice; if the tree is too large; or if the supervisor's process has no `inspects;` in the wiring. In a
    /// `static` or a constant, this is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(root: &'static Group, system: &'static System) -> Policy {
        match &system.supervisor {
            Some(supervisor) if system.inspectors.contains(supervisor.process) => {}
            _ => fail(&["a supervisor needs `supervisor NOTIFICATION;` and `inspects;`"]),
        }
        if check(root, system, Seen { processes: 0, groups: 0 }).groups > GROUPS {
            fail(&["a tree has at most 8 groups"]);
        }
        Policy { root, system }
    }
}

/// The contents of the tree so far: processes (bit p is process p), and the number of groups.
#[derive(Clone, Copy)]
struct Seen {
    processes: u32,
    groups: usize,
}

#[track_caller]
const fn check(group: &Group, system: &System, mut seen: Seen) -> Seen {
    seen.groups += 1;
    if group.limit as usize > LIMIT {
        fail(&["a group allows at most 8 crashes"]);
    }
    let mut index = 0;
    while index < group.members.len() {
        match &group.members[index] {
            Member::Process(name) => {
                let bit = 1 << (find(name, system) & 31);
                if seen.processes & bit != 0 {
                    fail(&["process `", name, "` is in the tree twice"]);
                }
                seen.processes |= bit;
            }
            Member::Group(inner) => seen = check(inner, system, seen),
        }
        index += 1;
    }
    seen
}

const _: () = assert!(GROUPS == 8 && LIMIT == 8, "the messages say so");

/// Returns the index of a process. The process must have `on_fault = stop;`.
#[track_caller]
const fn find(name: &str, system: &System) -> usize {
    let mut index = 0;
    while index < system.processes.len() {
        let process = &system.processes[index];
        if is_same(process.name, name) {
            if !matches!(process.on_fault, OnFault::Stop) {
                fail(&["process `", name, "` is supervised, so it needs `on_fault = stop;`"]);
            }
            return index;
        }
        index += 1;
    }
    fail(&["the wiring has no process `", name, "`, which the supervisor's tree names"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Strategy;
    use core::time::Duration;

    crossgate::system! {
        static SYSTEM;
        process sensor { on_fault = stop; }
        process control { on_fault = stop; }
        process fan { thread main (priority = 1, stack = 512) = crossgate::thread::exit(); }
        process overseer {
            inspects;
            notification FAULTED;
            supervisor FAULTED;
        }
    }

    mod blind {
        crossgate::system! {
            pub static SYSTEM;
            process sensor { notification FAULTED; supervisor FAULTED; }
        }
    }

    const fn group(members: &'static [Member]) -> Group {
        Group { strategy: Strategy::OneForOne, limit: 1, period: Duration::from_secs(1), members }
    }

    /// Returns the message that the compiler shows for this tree.
    fn message(root: &'static Group, system: &'static System) -> String {
        let made = std::panic::catch_unwind(|| Policy::new(root, system));
        made.err().unwrap().downcast_ref::<String>().cloned().unwrap()
    }

    #[test]
    fn a_tree_that_fits_is_made_by_the_compiler() {
        static ROOT: Group = group(&[
            Member::Group(const { &group(&[Member::Process("control")]) }),
            Member::Process("sensor"),
        ]);
        static POLICY: Policy = Policy::new(&ROOT, &SYSTEM);
        assert_eq!(POLICY.root.members.len(), 2);
    }

    #[test]
    fn a_tree_that_does_not_fit_is_refused() {
        static STRANGE: Group = group(&[Member::Process("sun")]);
        static TWICE: Group = group(&[
            Member::Process("sensor"),
            Member::Group(const { &group(&[Member::Process("sensor")]) }),
        ]);
        static RESTARTS: Group = group(&[Member::Process("fan")]);
        static PATIENT: Group = Group { limit: 9, ..group(&[]) };
        static EMPTY: Group = group(&[]);
        static LARGE: Group = group(&[Member::Group(&EMPTY); GROUPS]);
        for (root, why) in [
            (&STRANGE, "the wiring has no process `sun`, which the supervisor's tree names"),
            (&TWICE, "process `sensor` is in the tree twice"),
            (&RESTARTS, "process `fan` is supervised, so it needs `on_fault = stop;`"),
            (&PATIENT, "a group allows at most 8 crashes"),
            (&LARGE, "a tree has at most 8 groups"),
        ] {
            assert_eq!(message(root, &SYSTEM), why);
        }
        let why = "a supervisor needs `supervisor NOTIFICATION;` and `inspects;`";
        assert_eq!(message(&EMPTY, &blind::SYSTEM), why);
    }
}
