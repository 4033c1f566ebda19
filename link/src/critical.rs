// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds critical sections in processes. They would have no effect, because a process can't mask interrupts.

use crate::advice::NO_MASKING;
use crate::names::{KERNEL, listed};
use crate::reach::Reach;
use anyhow::{Result, bail, ensure};

/// The function that a critical section calls first, and the crate that may define it.
const ACQUIRE: &str = "_critical_section_1_0_acquire";
const CORTEX_M: &str = "cortex_m";

/// Refuses critical sections in processes.
///
/// # Errors
/// If there is one. The error names its place, and the path to it.
pub fn check(reach: &Reach) -> Result<()> {
    let inputs = reach.inputs;
    let definitions = inputs.symbol(ACQUIRE).map(|symbol| &inputs.symbols[symbol].definitions);
    let of_cortex_m = definitions
        .into_iter()
        .flatten()
        .filter(|definition| inputs.files[definition.file].krate == CORTEX_M);
    let mut sections = of_cortex_m.filter_map(|definition| definition.section);
    // A crate may switch the feature on although no process uses it.
    ensure!(
        !sections.any(|id| reach.users(id).any(|user| user != KERNEL)),
        "the feature `critical-section-single-core` of the crate `cortex-m` is switched on, but \
         {NO_MASKING}"
    );
    for (id, section) in inputs.sections.iter().enumerate() {
        // In the firmware's own object files, a function that masks interrupts without restoring them is allowed.
        // (Functions of other crates may be compiled into these object files.)
        let is_own = !inputs.files[section.input].is_archive
            && section.title().starts_with(&format!("{}::", section.krate));
        if !section.masking.is_done || (is_own && !section.masking.is_undone) {
            continue;
        }
        if let Some(user) = reach.users(id).find(|user| *user != KERNEL) {
            let (name, way) = (listed(&[user]), reach.path(user, id));
            bail!("{name} masks interrupts (`cpsid`)\n  {way}\n{NO_MASKING}");
        }
    }
    Ok(())
}
