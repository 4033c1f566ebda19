// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owners of statics.
//!
//! A static belongs to its user: the process (or the kernel) whose code, as far as it can be [reached](crate::reach),
//! refers to it.

use crate::inputs::{InputFile, Inputs, Section, SectionId};
use crate::names::{
    KERNEL, STACK, after, is_kept, is_placed, is_shared, listed, named_owner, original,
};
use crate::reach::Reach;
use anyhow::{Result, bail};

/// The owner of the statics in an input section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The kernel: an ordinary section.
    Kernel,
    /// A process, by name.
    Process(&'a str),
    /// No owner, because nothing uses it.
    Nobody,
}

/// Refuses a process with the name of the firmware's own crate. By the rule for [owners], it would own all statics of
/// this crate, including the kernel's statics.
///
/// # Errors
/// Names it.
pub fn check_names(inputs: &Inputs) -> Result<()> {
    let is_owner = |file: &&InputFile| file.is_compiled && inputs.processes.contains(&file.krate);
    if let Some(InputFile { krate, .. }) = inputs.files.iter().find(is_owner) {
        bail!(
            "process `{krate}` has the name of the firmware's own crate. The statics of a crate that is named like a \
             process belong to that process, but those of this crate are the kernel's.\n  Rename the process in \
             `system!`, or the firmware in its Cargo.toml."
        );
    }
    Ok(())
}

/// Finds the owner of every writable section.
///
/// # Errors
/// If a static has more than one user, or if its user is not the process with the name of its crate. The error lists
/// all such statics.
pub fn owners<'a>(reach: &Reach<'a>) -> Result<Vec<(SectionId, Owner<'a>)>> {
    let inputs = reach.inputs;
    let mut owners = Vec::new();
    let mut errors = Vec::new();
    for (id, section) in inputs.sections.iter().enumerate() {
        if section.thread_local && reach.users(id).any(|user| user != KERNEL) {
            errors.push(complaint(reach, id, THREAD_LOCAL));
        }
        if !(section.writable || is_placed(&section.name)) || section.name.starts_with(STACK) {
            continue;
        }
        let home = named_owner(&section.name)
            .or_else(|| inputs.processes.get(&section.krate).map(String::as_str));
        match owner(reach, id, home) {
            Ok(owner) => owners.push((id, owner)),
            Err(reason) => errors.push(complaint(reach, id, &reason)),
        }
    }
    if !errors.is_empty() {
        bail!("{}\n{ADVICE}", errors.join("\n"));
    }
    Ok(owners)
}

/// Returns the owner of a section, by the process that it belongs to by name and by its users.
fn owner<'a>(reach: &Reach<'a>, id: SectionId, home: Option<&'a str>) -> Result<Owner<'a>, String> {
    let section = &reach.inputs.sections[id];
    let users: Vec<_> = reach.users(id).collect();
    match (home, users.as_slice()) {
        (Some(home), []) => Ok(Owner::Process(home)),
        (Some(home), &[user]) if user == home => Ok(Owner::Process(home)),
        (Some(home), users) => {
            let others: Vec<_> = users.iter().copied().filter(|&user| user != home).collect();
            Err(format!("belongs to process `{home}`, but is used by {}", listed(&others)))
        }
        (None, []) => Ok(Owner::Nobody),
        (None, [KERNEL]) if is_shared(&section.name) => {
            Err("may be lent, but is used by the kernel only, which lends nothing".to_owned())
        }
        (None, [KERNEL]) if is_kept(&section.name) => {
            Err("is to be kept, but is used by the kernel only, which does not restart".to_owned())
        }
        (None, [KERNEL]) => Ok(Owner::Kernel),
        (None, &[user]) => Ok(Owner::Process(user)),
        (None, users) => {
            let why = why_common(reach, id).unwrap_or("not all of it could be copied");
            Err(format!("is used by {}; each can't have its own, because {why}", listed(users)))
        }
    }
}

/// Returns the reason why a static with several users is not [copied](crate::copies) for each of them; `None` if it is
/// copied.
pub fn why_common(reach: &Reach, id: SectionId) -> Option<&'static str> {
    let section = &reach.inputs.sections[id];
    if reach.inputs.processes.contains(&section.krate) || named_owner(&section.name).is_some() {
        Some("it belongs to a process")
    } else if reach.users(id).any(|user| user == KERNEL) {
        Some("the kernel uses it")
    } else if is_shared(&section.name) {
        Some("what may be lent (`shared!`) has one owner")
    } else if reach.inputs.files[section.input].is_compiled {
        Some("it is in the firmware's own crate, which is no library")
    } else if reach.inputs.files[section.input].has_interface {
        Some(
            "its crate has an `#[interface]`, so client and server would take their own for the other's",
        )
    } else {
        None
    }
}

/// The advice about a static that several processes use.
const ADVICE: &str = "Let the others ask that process through an interface, or make it a field of an object, one \
                      for each process. If each process is to have its own, move it to a crate that is a library \
                      only.";

/// The error for a thread-local static.
const THREAD_LOCAL: &str = "is thread-local, but to the host all threads of a firmware are one";

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

/// Returns `true` if a static can be placed into the memory of its owner, because its source names no other place.
///
/// After `.data.` or `.bss.`, compilers write one of these: the name of the static; `rel` if it contains addresses; or,
/// for a static without a name, a text that begins with a dot. Any other name of a section, such as `.data.ccm`, is a
/// place.
pub fn is_ordinary(section: &Section) -> bool {
    let is_of_compiler = |name: &str| {
        ["", "rel"].contains(&name.split('.').next().unwrap_or_default())
            || section.symbols.is_empty()
            || section.symbols.iter().any(|symbol| original(symbol) == name)
    };
    let by_compiler = |prefix: &&str| after(&section.name, prefix).is_some_and(is_of_compiler);
    [".data", ".bss", "COMMON"].iter().any(by_compiler) || is_placed(&section.name)
}

/// Returns the error for a static of a process whose source names another place.
pub fn elsewhere(section: &Section, process: &str) -> String {
    format!(
        "the static `{}` ({} bytes, crate `{}`) is meant for section `{}`, but a static of process `{process}` is in \
         the memory of that process, which is reset when the process restarts.\n  Remove its \
         `link_section`. State that has to outlive that, or a reset of the system, is declared by `crossgate::kept!`; a \
         process may own another memory of the microcontroller as an `mmio` range of the wiring.",
        section.title(),
        section.size,
        section.krate,
        section.name
    )
}

/// Returns the error for a section that nothing uses, but that is kept in the firmware.
pub fn unowned(section: &Section) -> String {
    format!(
        "the static `{}` ({} bytes, crate `{}`) is kept in the firmware, but neither a process nor \
         the kernel uses it.\n  Remove it, or use it from the process that it shall belong to.",
        section.title(),
        section.size,
        section.krate
    )
}
