// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statics that the compiler may have merged.
//!
//! LLVM merges small statics of a codegen unit that a function uses together, so that one register is enough for all
//! their addresses (on ARM, with `opt-level` 3 and "z"). Then the users of each single static can't be found. Statics
//! that may be merged must have the same owner, unless an option of the compiler switches merging off. This rule does
//! not depend on the optimisation level.

use crate::inputs::{Inputs, SectionId};
use crate::names::{is_placed, listed};
use crate::reach::Reach;
use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The symbol that the port defines if merging is switched off.
const APART: &str = "__crossgate_statics_apart";
/// LLVM merges statics that are smaller than this, in bytes.
const LARGEST: u64 = 127;
/// A part of the names of sections of merged statics.
const MERGED: &str = "_MergedGlobals";

/// The advice about merged statics.
const ADVICE: &str = "Add `-C llvm-args=-enable-global-merge=false` to the `rustflags` in .cargo/config.toml, \
                      then each static is for itself.";

/// Refuses statics that have different users and that the compiler may merge, or has merged.
///
/// # Errors
/// If there are such statics. The error lists them with their users.
pub fn check(reach: &Reach) -> Result<()> {
    let inputs = reach.inputs;
    if inputs.section_of(APART).is_some() {
        return Ok(());
    }
    let mut errors = Vec::new();
    for ((krate, _), statics) in mergeable(inputs) {
        let used = statics.iter().filter(|&&id| reach.users(id).next().is_some());
        let users: BTreeSet<_> = statics.iter().flat_map(|&id| reach.users(id)).collect();
        if users.len() > 1 {
            let titles: Vec<_> =
                used.map(|&id| format!("`{}`", inputs.sections[id].title())).collect();
            errors.push(format!(
                "the statics {} (crate `{krate}`) are used by {}, but the compiler may merge them, as some \
                 function of the crate uses more than one",
                titles.join(", "),
                listed(&users.into_iter().collect::<Vec<_>>())
            ));
        }
    }
    if !errors.is_empty() {
        bail!("{}\n{ADVICE}", errors.join("\n"));
    }
    Ok(())
}

/// Returns the statics of each crate, separately with and without initial values, that some function uses together with
/// another static.
fn mergeable(inputs: &Inputs) -> BTreeMap<(&str, bool), Vec<SectionId>> {
    let mut candidates: BTreeMap<_, Vec<SectionId>> = BTreeMap::new();
    let mut referrers: HashMap<SectionId, Vec<SectionId>> = HashMap::new();
    for (id, section) in inputs.sections.iter().enumerate() {
        if section.executable {
            section.targets().for_each(|target| referrers.entry(target).or_default().push(id));
        } else if section.writable && !is_placed(&section.name) && section.size < LARGEST {
            candidates.entry((&*section.krate, section.zeroed)).or_default().push(id);
        }
    }
    for ((krate, _), statics) in &mut candidates {
        let is_used_with_others = used_together(inputs, krate, statics, &referrers);
        statics.retain(|id| {
            inputs.sections[*id].name.contains(MERGED) || is_used_with_others.contains(id)
        });
    }
    candidates
}

/// Returns those of these statics that are used together with another of them by one function of the crate. The
/// functions of the crate that this function calls count as parts of it, because they may be inlined.
fn used_together(
    inputs: &Inputs,
    krate: &str,
    statics: &[SectionId],
    referrers: &HashMap<SectionId, Vec<SectionId>>,
) -> BTreeSet<SectionId> {
    let mut together = BTreeSet::new();
    let mut first_of: HashMap<SectionId, SectionId> = HashMap::new();
    for &id in statics {
        let mut seen = BTreeSet::new();
        let mut queue = vec![id];
        while let Some(next) = queue.pop() {
            for &function in referrers.get(&next).into_iter().flatten() {
                if inputs.sections[function].krate == krate && seen.insert(function) {
                    let first = *first_of.entry(function).or_insert(id);
                    if first != id {
                        together.extend([first, id]);
                    }
                    queue.push(function);
                }
            }
        }
    }
    together
}
