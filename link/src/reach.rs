// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who reaches what, by calls and references.
//!
//! What a process starts with is read from the tables of the wiring: a record that names a stack or an
//! object of a process names its entry points too. The kernel starts with the interrupt vectors. So it does
//! not matter in which crate a generic function was compiled, or whether a function was inlined.

use crate::inputs::{Inputs, Reference, Section, SectionId};
use crate::ownership::{KERNEL, is_placed, named_owner};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// How one user reaches a section.
#[derive(Clone, Copy)]
pub enum Step {
    /// It does not.
    Unreached,
    /// It starts there.
    Start,
    /// A section that it reaches refers to it.
    From(SectionId),
}

impl Step {
    /// Returns whether there is a way.
    pub fn is_reached(self) -> bool {
        !matches!(self, Step::Unreached)
    }
}

/// What each user reaches, starting with what the tables (or vectors) name.
pub struct Reach<'a> {
    /// What it was found in.
    pub inputs: &'a Inputs,
    /// The processes and the kernel, each with how it reaches every section.
    pub users: Vec<(&'a str, Vec<Step>)>,
    /// Where the kernel's own code ends: the tables, and what the kernel does not call though it may have
    /// the address.
    pub closed: HashSet<SectionId>,
}

impl<'a> Reach<'a> {
    /// Finds it.
    pub fn of(inputs: &'a Inputs) -> Self {
        let mut starts: BTreeMap<&str, Vec<SectionId>> = BTreeMap::new();
        // What lies behind a call of the kernel is the kernel's doing.
        let gate = inputs.section_of("__crossgate_gate");
        let mut closed: HashSet<_> = gate.into_iter().collect();
        for (id, section) in inputs.sections.iter().enumerate() {
            if section.name.starts_with(".vector_table") {
                starts.entry(KERNEL).or_default().push(id);
            }
            if let Some(records) = records(inputs, section) {
                closed.insert(id);
                for (owner, reference) in records {
                    let Some(target) = reference.section else { continue };
                    starts.entry(owner).or_default().push(target);
                    // The kernel has the address of an entry point, but does not call it.
                    closed.extend(Some(target).filter(|_| inputs.sections[target].executable));
                }
            }
        }
        let handlers = ["Reset", "DefaultHandler", "main"];
        let handlers = handlers.iter().filter_map(|name| inputs.section_of(name));
        starts.entry(KERNEL).or_default().extend(handlers);
        let users = starts.into_iter().map(|(user, starts)| (user, reach(inputs, &closed, starts)));
        Self { inputs, users: users.collect(), closed }
    }

    /// Returns who reaches a section.
    pub fn users(&self, id: SectionId) -> impl Iterator<Item = &'a str> {
        let reached = move |(_, steps): &&(_, Vec<Step>)| steps[id].is_reached();
        self.users.iter().filter(reached).map(|(user, _)| *user)
    }

    /// Returns how `user` reaches a section: names, from the start to the section.
    pub fn path(&self, user: &str, id: SectionId) -> String {
        let steps = self.users.iter().find(|(name, _)| *name == user);
        steps.map(|(_, steps)| path(self.inputs, steps, id)).unwrap_or_default()
    }
}

/// The names from where a user starts to a section.
pub fn path(inputs: &Inputs, steps: &[Step], mut id: SectionId) -> String {
    let mut names = vec![inputs.sections[id].title()];
    while let Step::From(previous) = steps[id] {
        names.push(inputs.sections[previous].title());
        id = previous;
    }
    names.reverse();
    names.join(" -> ")
}

/// Returns what a table's records refer to, with the process of the record.
///
/// A table of the wiring is an array whose records each name one stack or one object. How long a
/// record is follows from their number, so the order of its fields does not matter.
pub fn records<'a>(
    inputs: &'a Inputs,
    section: &'a Section,
) -> Option<Vec<(&'a str, &'a Reference)>> {
    if section.writable || section.executable || is_placed(section) {
        return None;
    }
    let owner = |reference: &Reference| {
        Some((reference.offset, named_owner(&inputs.sections[reference.section?])?))
    };
    let owners: Vec<_> = section.references.iter().filter_map(owner).collect();
    let length = section.size.checked_div(owners.len() as u64)?;
    let each_has_one =
        owners.iter().zip(0..).all(|((offset, _), record)| offset / length == record);
    if length * owners.len() as u64 != section.size || !each_has_one {
        return None;
    }
    let named =
        |reference: &'a Reference| (owners[(reference.offset / length) as usize].1, reference);
    Some(section.references.iter().map(named).collect())
}

/// Returns what can be reached from `starts`, but not through what is `closed`: the wiring's tables (who
/// can read them can't do what they name) and the entry points of others.
pub fn reach(inputs: &Inputs, closed: &HashSet<SectionId>, starts: Vec<SectionId>) -> Vec<Step> {
    let mut steps = vec![Step::Unreached; inputs.sections.len()];
    let mut queue = VecDeque::new();
    for start in starts {
        steps[start] = Step::Start;
        queue.push_back(start);
    }
    while let Some(id) = queue.pop_front() {
        for target in inputs.sections[id].targets() {
            if matches!(steps[target], Step::Unreached) && !closed.contains(&target) {
                steps[target] = Step::From(id);
                queue.push_back(target);
            }
        }
    }
    steps
}

/// Returns whether what has the name `from` refers to what has the name `to`, directly or not.
pub fn is_reached(inputs: &Inputs, from: &str, to: &str) -> bool {
    let [from, to] = [from, to].map(|name| inputs.section_of(name));
    let (Some(from), Some(to)) = (from, to) else { return false };
    !matches!(reach(inputs, &HashSet::new(), vec![from])[to], Step::Unreached)
}
