// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mutations: patches that remove a mechanism. Each patch names tests that have to fail with it. This shows that these
//! tests really test the mechanism.
//!
//! A file `tests/mutations/GROUP/NAME.patch` begins with a sentence that says what is removed. After an empty line come
//! the commands that fail. Below each command there may be a text that its output has to contain:
//!
//! ```text
//! Fails: cargo run --release -p system-tests --target thumbv7m-none-eabi --bin forged_calls
//! Says: FAILED
//! ```
//!
//! After another empty line comes the difference, as `git diff -U1` makes it.

mod call;
mod proof;

use crate::commands::test::Report;
use crate::copy::Copy;
use crate::{setup, workspace};
use anyhow::{Context, Result, bail, ensure};
use proof::Proof;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A removed mechanism, and the tests that show it.
struct Mutation {
    /// `GROUP/NAME`
    name: String,
    file: PathBuf,
    proofs: Vec<Proof>,
}

/// Replays the mutations whose `GROUP/NAME` contains `pattern`. Each mutation is a separate step. Before, the tests
/// that they name have to pass without them.
///
/// # Errors
/// If there is no such mutation, if a mutation can't be read, or if the copy of the workspace can't be made.
pub fn replay(report: &mut Report, pattern: &str) -> Result<()> {
    let mut mutations = all()?;
    mutations.retain(|mutation| mutation.name.contains(pattern));
    ensure!(!mutations.is_empty(), "there is no mutation with {pattern:?} in its name");
    setup::all()?;
    let copy = Copy::of(workspace::root())?;
    let calls: BTreeSet<_> =
        mutations.iter().flat_map(|it| &it.proofs).map(|proof| &proof.command).collect();
    let count = calls.len();
    let mut times = BTreeMap::new();
    for (index, call) in calls.into_iter().enumerate() {
        report.step(&format!("unmutated {} of {count}: {call}", index + 1), || {
            times.insert(call, proof::passes(call, &copy)?);
            Ok(())
        });
    }
    let count = mutations.len();
    for (index, Mutation { name, file, proofs }) in mutations.iter().enumerate() {
        let step = format!("mutation {} of {count}: {name}", index + 1);
        let time = |proof: &Proof| times.get(&proof.command);
        if proofs.iter().all(|proof| time(proof) == Some(&None)) {
            report.skip(&step, "this machine can't run its test");
            continue;
        }
        report.step(&step, || {
            copy.with(file, || {
                proofs.iter().try_for_each(|proof| match time(proof) {
                    Some(&Some(time)) => proof.check(time, &copy),
                    Some(None) => Ok(()),
                    None => bail!("`{}` fails without it, too", proof.command),
                })
            })
        });
    }
    Ok(())
}

/// Returns all mutations, by name.
fn all() -> Result<Vec<Mutation>> {
    let mut mutations = Vec::new();
    for group in fs::read_dir(workspace::root().join("tests/mutations"))? {
        let group = group?.path();
        for file in fs::read_dir(&group)? {
            let file = file?.path();
            let name = format!("{}/{}", name_of(&group)?, name_of(&file)?);
            let text = fs::read_to_string(&file)?;
            let proofs = proofs(&text).with_context(|| format!("{}", file.display()))?;
            mutations.push(Mutation { name, file, proofs });
        }
    }
    mutations.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mutations)
}

fn name_of(path: &Path) -> Result<Cow<'_, str>> {
    Ok(path.file_stem().context("a path without a name")?.to_string_lossy())
}

/// Returns the tests that fail, according to a patch.
fn proofs(text: &str) -> Result<Vec<Proof>> {
    let mut parts = text.splitn(3, "\n\n");
    let what = parts.next().unwrap_or_default();
    ensure!(what.trim_end().ends_with('.'), "it does not begin with a sentence");
    let proofs = Proof::read_all(parts.next().unwrap_or_default())?;
    let difference = parts.next().unwrap_or_default();
    ensure!(difference.contains("\n@@ "), "there is no difference after the second empty line");
    Ok(proofs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;
    use cargo_metadata::MetadataCommand;
    use std::process::Command;

    const PATCH: &str =
        "The check is left out.\n\nFails: cargo test -p one\n\n--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n";

    #[test]
    fn a_patch_has_a_sentence_a_command_and_a_difference() {
        assert_eq!(proofs(PATCH).unwrap().len(), 1);
        for missing in ["The check is left out.", "Fails: cargo test -p one", "@@ -1 +1 @@"] {
            assert!(proofs(&PATCH.replace(missing, "")).is_err(), "{missing}");
        }
    }

    #[test]
    fn every_mutation_applies() {
        for Mutation { name, file, .. } in all().unwrap() {
            let mut git = Command::new("git");
            git.current_dir(workspace::root()).args(["apply", "--check"]).arg(file);
            command::run(&mut git).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn every_mutation_names_tests_that_exist() {
        let metadata = MetadataCommand::new().current_dir(workspace::root()).no_deps().exec();
        let packages = metadata.unwrap().packages;
        for Mutation { name, proofs, .. } in all().unwrap() {
            for Proof { command, .. } in proofs {
                let names = command.check_names(&packages);
                names.unwrap_or_else(|error| panic!("{name}: {command}: {error:#}"));
            }
        }
    }
}
