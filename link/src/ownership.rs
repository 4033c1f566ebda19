//! Which process a static belongs to.
//!
//! A static belongs to whoever uses it: whose code, as far as it can be reached by calls and
//! references, refers to it. What a process starts with is read from the tables of the wiring:
//! a record that names a stack or an object of a process names its entry points too. The kernel
//! starts with the interrupt vectors. So it does not matter in which crate a generic function was
//! compiled, or whether a function was inlined.

use crate::inputs::{Inputs, Section, SectionId};
use anyhow::{Result, bail};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Prefix of the sections that hold a process' objects; the name of the process follows.
pub const OBJECT: &str = ".crossgate.object.";
/// Prefix of the sections that hold a stack; the process, a dot and the thread follow.
pub const STACK: &str = ".crossgate.stack.";
/// The section that holds what a process may lend.
pub const SHARED: &str = ".crossgate.shared";
/// Stands for the kernel where a process is named.
pub const KERNEL: &str = "kernel";

/// Who owns the statics in an input section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The kernel: an ordinary section.
    Kernel,
    /// A process, by name.
    Process(&'a str),
    /// Nobody uses it.
    Nobody,
}

/// The process (or the kernel) that a section belongs to by its name.
pub fn named_owner(section: &Section) -> Option<&str> {
    let stack = || section.name.strip_prefix(STACK)?.split('.').next();
    section.name.strip_prefix(OBJECT).or_else(stack)
}

/// Whether it is for the memory of a process by its name. (It need not be writable: an object may
/// have nothing in it that changes.)
fn is_placed(section: &Section) -> bool {
    section.name == SHARED || named_owner(section).is_some()
}

/// How one user reaches a section.
#[derive(Clone, Copy)]
enum Step {
    Unreached,
    Start,
    From(SectionId),
}

/// What each user reaches, starting with what the tables (or vectors) name.
struct Reach<'a> {
    inputs: &'a Inputs,
    users: Vec<(&'a str, Vec<Step>)>,
}

impl<'a> Reach<'a> {
    fn of(inputs: &'a Inputs) -> Self {
        let mut starts: BTreeMap<&str, Vec<SectionId>> = BTreeMap::new();
        // What lies behind a call of the kernel is the kernel's doing.
        let gate = inputs.globals.get("__crossgate_gate");
        let mut closed: HashSet<_> = gate.copied().into_iter().collect();
        for (id, section) in inputs.sections.iter().enumerate() {
            if section.name.starts_with(".vector_table") {
                starts.entry(KERNEL).or_default().push(id);
            }
            if let Some(records) = records(inputs, section) {
                closed.insert(id);
                for (owner, target) in records {
                    starts.entry(owner).or_default().push(target);
                    // The kernel has the address of an entry point, but does not call it.
                    closed.extend(Some(target).filter(|_| inputs.sections[target].executable));
                }
            }
        }
        let handlers = ["Reset", "DefaultHandler", "main"];
        let handlers = handlers.iter().filter_map(|&name| inputs.globals.get(name));
        starts.entry(KERNEL).or_default().extend(handlers);
        let users = starts.into_iter().map(|(user, starts)| (user, reach(inputs, &closed, starts)));
        Self { inputs, users: users.collect() }
    }

    /// Who reaches a section.
    fn users(&self, id: SectionId) -> impl Iterator<Item = &'a str> {
        let reached = move |(_, steps): &&(_, Vec<Step>)| !matches!(steps[id], Step::Unreached);
        self.users.iter().filter(reached).map(|(user, _)| *user)
    }

    /// How `user` reaches a section: names, from the start to the section.
    fn path(&self, user: &str, mut id: SectionId) -> String {
        let Some((_, steps)) = self.users.iter().find(|(name, _)| *name == user) else {
            return String::new();
        };
        let mut names = vec![self.inputs.sections[id].title()];
        while let Step::From(previous) = steps[id] {
            names.push(self.inputs.sections[previous].title());
            id = previous;
        }
        names.reverse();
        names.join(" -> ")
    }
}

/// What a table's records name, with the process of the record.
///
/// A table of the wiring is an array whose records each name one stack or one object. How long a
/// record is follows from their number, so the order of its fields does not matter.
fn records<'a>(inputs: &'a Inputs, section: &'a Section) -> Option<Vec<(&'a str, SectionId)>> {
    if section.writable || section.executable || is_placed(section) {
        return None;
    }
    let owner = |&(offset, target): &(u64, SectionId)| {
        Some((offset, named_owner(&inputs.sections[target])?))
    };
    let owners: Vec<_> = section.references.iter().filter_map(owner).collect();
    let length = section.size.checked_div(owners.len() as u64)?;
    let each_has_one =
        owners.iter().zip(0..).all(|((offset, _), record)| offset / length == record);
    if length * owners.len() as u64 != section.size || !each_has_one {
        return None;
    }
    let named = |&(offset, target)| (owners[(offset / length) as usize].1, target);
    Some(section.references.iter().map(named).collect())
}

/// What can be reached from `starts`, but not through what is `closed`: the wiring's tables (who
/// can read them can't do what they name) and the entry points of others.
fn reach(inputs: &Inputs, closed: &HashSet<SectionId>, starts: Vec<SectionId>) -> Vec<Step> {
    let mut steps = vec![Step::Unreached; inputs.sections.len()];
    let mut queue = VecDeque::new();
    for start in starts {
        steps[start] = Step::Start;
        queue.push_back(start);
    }
    while let Some(id) = queue.pop_front() {
        for &(_, target) in &inputs.sections[id].references {
            if matches!(steps[target], Step::Unreached) && !closed.contains(&target) {
                steps[target] = Step::From(id);
                queue.push_back(target);
            }
        }
    }
    steps
}

/// Whether what has the name `from` refers to what has the name `to`, directly or not.
pub fn is_reached(inputs: &Inputs, from: &str, to: &str) -> bool {
    let [from, to] = [from, to].map(|name| inputs.globals.get(name).copied());
    let (Some(from), Some(to)) = (from, to) else { return false };
    !matches!(reach(inputs, &HashSet::new(), vec![from])[to], Step::Unreached)
}

/// Decides whose every writable section is.
///
/// # Errors
/// Lists the statics that have more than one user, or whose user is not the process that their
/// crate is named like.
pub fn owners(inputs: &Inputs) -> Result<Vec<(SectionId, Owner<'_>)>> {
    let reach = Reach::of(inputs);
    let mut owners = Vec::new();
    let mut errors = Vec::new();
    for (id, section) in inputs.sections.iter().enumerate() {
        if section.thread_local && reach.users(id).any(|user| user != KERNEL) {
            errors.push(complaint(&reach, id, THREAD_LOCAL));
        }
        if !(section.writable || is_placed(section)) || section.name.starts_with(STACK) {
            continue;
        }
        let home = named_owner(section)
            .or_else(|| inputs.processes.get(&section.krate).map(String::as_str));
        match owner(section, home, reach.users(id).collect()) {
            Ok(owner) => owners.push((id, owner)),
            Err(reason) => errors.push(complaint(&reach, id, &reason)),
        }
    }
    if !errors.is_empty() {
        bail!("{}\n{ADVICE}", errors.join("\n"));
    }
    Ok(owners)
}

/// Whose a section is, from the process that it belongs to by name and from its users.
fn owner<'a>(
    section: &Section,
    home: Option<&'a str>,
    users: Vec<&'a str>,
) -> Result<Owner<'a>, String> {
    match (home, users.as_slice()) {
        (Some(home), []) => Ok(Owner::Process(home)),
        (Some(home), &[user]) if user == home => Ok(Owner::Process(home)),
        (Some(home), users) => {
            let others: Vec<_> = users.iter().copied().filter(|&user| user != home).collect();
            Err(format!("belongs to process `{home}`, but is used by {}", listed(&others)))
        }
        (None, []) => Ok(Owner::Nobody),
        (None, [KERNEL]) if section.name == SHARED => {
            Err("may be lent, but is used by the kernel only, which lends nothing".to_owned())
        }
        (None, [KERNEL]) => Ok(Owner::Kernel),
        (None, &[user]) => Ok(Owner::Process(user)),
        (None, users) => Err(format!("is used by {}", listed(users))),
    }
}

/// What to do about a static in common.
const ADVICE: &str = "A static is the memory of one process. Let the others ask that process \
                      through an interface, or make it a field of an object, one for each process.";

/// What is wrong with a thread-local static.
const THREAD_LOCAL: &str = "is thread-local, but to the host all threads of a firmware are one";

fn listed(users: &[&str]) -> String {
    let titles = users.iter().map(|&user| match user {
        KERNEL => "the kernel".to_owned(),
        process => format!("process `{process}`"),
    });
    titles.collect::<Vec<_>>().join(" and ")
}

fn complaint(reach: &Reach, id: SectionId, reason: &str) -> String {
    let section = &reach.inputs.sections[id];
    let mut text = format!(
        "the static `{}` ({} bytes, crate `{}`) {reason}",
        section.title(),
        section.size,
        section.krate
    );
    for user in reach.users(id) {
        text += &format!("\n  {}: {}", listed(&[user]), reach.path(user, id));
    }
    text
}

/// What to say of a section that is kept in the firmware though nobody uses it.
pub fn unowned(section: &Section) -> String {
    format!(
        "the static `{}` ({} bytes, crate `{}`) is kept in the firmware, but neither a process nor \
         the kernel uses it.\n  Remove it, or use it from the process that it shall belong to.",
        section.title(),
        section.size,
        section.krate
    )
}
