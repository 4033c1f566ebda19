// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reachability: the sections that each user reaches, by calls and references.
//!
//! The entry points of a process are read from the tables of the wiring: a record that names a stack or an object of a
//! process also names entry points of this process. The entry points of the kernel are the interrupt vectors. So it
//! does not matter in which crate a generic function was compiled, or which functions were inlined.

use crate::inputs::{Inputs, Reference, Section, SectionId};
use crate::names::{KERNEL, is_placed, named_owner};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// The step by which a user reaches a section.
#[derive(Clone, Copy)]
pub enum Step {
    /// The user does not reach the section.
    Unreached,
    /// The section is an entry point of the user.
    Start,
    /// This section, which the user reaches, refers to the section.
    From(SectionId),
}

impl Step {
    /// Returns `true` if the user reaches the section.
    pub fn is_reached(self) -> bool {
        !matches!(self, Step::Unreached)
    }
}

/// The sections that each user reaches, beginning with the entry points in the tables (or vectors).
pub struct Reach<'a> {
    /// The inputs with the references.
    pub inputs: &'a Inputs,
    /// The processes and the kernel, each with the step to every section.
    pub users: Vec<(&'a str, Vec<Step>)>,
    /// The sections at which the kernel's own code ends: the tables, and code that the kernel never calls although it
    /// may have the address of this code.
    pub closed: HashSet<SectionId>,
}

impl<'a> Reach<'a> {
    /// Finds the sections that each user reaches.
    pub fn of(inputs: &'a Inputs) -> Self {
        let mut starts: BTreeMap<&str, Vec<SectionId>> = BTreeMap::new();
        // Code that is reached only through a call of the kernel belongs to the kernel.
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
                    // The kernel has the address of an entry point, but does not call it as a function.
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

    /// Returns the users that reach a section.
    pub fn users(&self, id: SectionId) -> impl Iterator<Item = &'a str> {
        let reached = move |(_, steps): &&(_, Vec<Step>)| steps[id].is_reached();
        self.users.iter().filter(reached).map(|(user, _)| *user)
    }

    /// Returns the path by which `user` reaches a section: the names from the entry point to the section.
    pub fn path(&self, user: &str, id: SectionId) -> String {
        let steps = self.users.iter().find(|(name, _)| *name == user);
        steps.map(|(_, steps)| path(self.inputs, steps, id)).unwrap_or_default()
    }
}

/// Returns the names from a user's entry point to a section.
pub fn path(inputs: &Inputs, steps: &[Step], mut id: SectionId) -> String {
    let mut names = vec![inputs.sections[id].title()];
    while let Step::From(previous) = steps[id] {
        names.push(inputs.sections[previous].title());
        id = previous;
    }
    names.reverse();
    names.join(" -> ")
}

/// Returns the targets of a table's records, each with the process of the record.
///
/// A table of the wiring is an array whose records each name one stack or one object. The length of a record follows
/// from their number, so the order of its fields does not matter.
pub fn records<'a>(
    inputs: &'a Inputs,
    section: &'a Section,
) -> Option<Vec<(&'a str, &'a Reference)>> {
    if section.writable || section.executable || is_placed(&section.name) {
        return None;
    }
    let owner = |reference: &Reference| {
        Some((reference.offset, named_owner(&inputs.sections[reference.section?].name)?))
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

/// Returns the steps to all sections that can be reached from `starts`, but not through `closed` sections. These are
/// the wiring's tables (code that reads a table does not call what it names) and the entry points of other users.
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

/// Returns whether the item named `from` refers to the item named `to`, directly or not.
pub fn is_reached(inputs: &Inputs, from: &str, to: &str) -> bool {
    let [from, to] = [from, to].map(|name| inputs.section_of(name));
    let (Some(from), Some(to)) = (from, to) else { return false };
    !matches!(reach(inputs, &HashSet::new(), vec![from])[to], Step::Unreached)
}
