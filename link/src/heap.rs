// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heaps of processes.
//!
//! `crossgate::system!` writes a record for each heap. The name of the record contains the name of the process. The
//! allocator in the crate `crossgate` uses one common name for the heap of the present process. Code that uses this
//! name is [copied](crate::copies) for each process, so in each copy the name stands for the heap of that process.

use crate::inputs::{Inputs, Section, SectionId};
use crate::names::{HEAP_MEMORY, KERNEL, listed};
use crate::reach::Reach;
use anyhow::{Result, bail, ensure};

/// The symbol of the memory of a heap; the name of the process follows.
pub const ARENA: &str = "__crossgate_arena_";
/// The common name for the heap of the present process.
pub const HEAP: &str = "__crossgate_heap";

/// Returns the name of the record of a heap.
pub fn record(process: &str) -> String {
    format!("{HEAP}_of_{process}")
}

/// Returns whether a process has a heap.
pub fn has_heap(inputs: &Inputs, process: &str) -> bool {
    inputs.symbol(&record(process)).is_some_and(|it| !inputs.symbols[it].definitions.is_empty())
}

/// Returns whether a section refers to [`HEAP`].
pub fn asks(inputs: &Inputs, section: SectionId) -> bool {
    let heap = inputs.symbol(HEAP);
    heap.is_some() && inputs.sections[section].references.iter().any(|it| it.symbol == heap)
}

/// Returns the error for a process (or the kernel) that could allocate without a heap.
pub fn missing(user: &str, way: &str) -> String {
    let name = listed(&[user]);
    let way_out = match user {
        KERNEL => "The kernel has no heap: keep in statics what would be allocated.".to_owned(),
        process => format!(
            "Give it one: `heap = 4096;` (its length in bytes) in the block of `{process}` in `system!`, and the \
             dependency `crossgate-alloc` of the firmware. Or keep in statics and objects what would be allocated."
        ),
    };
    format!("{name} allocates, but has no heap\n  {name}: {way}\n{way_out}")
}

/// Refuses allocations where there is no heap.
///
/// # Errors
/// If a process could allocate without a heap. The error names each such process, the path from it to an allocation,
/// and a solution.
pub fn check(reach: &Reach) -> Result<()> {
    let inputs = reach.inputs;
    let asking: Vec<_> = (0..inputs.sections.len()).filter(|&id| asks(inputs, id)).collect();
    let errors = reach.users.iter().filter_map(|(user, steps)| {
        let asks = *asking.iter().find(|&&id| steps[id].is_reached())?;
        (!has_heap(inputs, user)).then(|| missing(user, &reach.path(user, asks)))
    });
    let errors: Vec<_> = errors.collect();
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(())
}

/// Refuses statics in the memory of a heap whose initial value is not zero.
///
/// # Errors
/// Names the static.
pub fn check_section(section: &Section) -> Result<()> {
    let is_heap = section.name.starts_with(HEAP_MEMORY);
    ensure!(
        !is_heap || (section.zeroed && section.references.is_empty()),
        "`{}` (section `{}`) has an initial value, but a heap is zero at first",
        section.title(),
        section.name
    );
    Ok(())
}

/// Returns the symbols to define as aliases, each with its target. Call this after the copies are made.
///
/// # Errors
/// If some code that was not copied still refers to [`HEAP`].
pub fn symbols(reach: &Reach) -> Result<Vec<(String, String)>> {
    let inputs = reach.inputs;
    for id in (0..inputs.sections.len()).filter(|&id| asks(inputs, id)) {
        let users: Vec<_> = reach.users(id).collect();
        ensure!(
            users.is_empty(),
            "{} allocates by `{}`, which could not be copied",
            listed(&users),
            inputs.sections[id].title()
        );
    }
    let is_used = |symbol: &String| {
        inputs.section_of(symbol).is_some_and(|id| reach.users(id).next().is_some())
    };
    Ok(inputs.redirected.iter().filter(|(_, to)| is_used(to)).cloned().collect())
}
