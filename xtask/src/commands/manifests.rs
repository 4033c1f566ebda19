// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of packages with many of them. Cargo finds programs by itself only in one folder, and then builds each
//! twice: as itself, and as a test of its own, which firmware can't be. So each program is a stanza of the manifest,
//! and `cargo xtask manifests` writes the stanzas: one for each file in `src/bin` and its folders.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

/// The folders of the packages.
const PACKAGES: [&str; 6] =
    ["bench", "examples/steps", "tests", "tests/cortex-m", "tests/hosted", "tests/worst"];
/// The line of a manifest below which the stanzas are, to the end of the file.
const BELOW: &str = "# Below: a stanza for each file in src/bin, by `cargo xtask manifests`.\n";
/// The folder of the programs in a package.
const PROGRAMS: &str = "src/bin";

/// Updates the manifests in the repository at `root`. Returns those that have changed.
///
/// # Errors
/// If two programs of a package have the same name, a manifest lacks the line below which the stanzas are, or a file
/// can't be read or written.
pub fn write(root: &Path) -> Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for (manifest, text) in stale(root)? {
        fs::write(&manifest, text)?;
        changed.push(manifest);
    }
    Ok(changed)
}

/// Returns the manifests that do not have the right stanzas, with the right contents.
fn stale(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut stale = Vec::new();
    for package in PACKAGES {
        let folder = root.join(package);
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)?;
        let Some((above, _)) = text.split_once(BELOW) else {
            return Err(Error::other(format!("{}: there is no line {BELOW}", manifest.display())));
        };
        let wanted = format!("{above}{BELOW}{}", stanzas(&folder)?);
        if text != wanted {
            stale.push((manifest, wanted));
        }
    }
    Ok(stale)
}

/// Returns the stanzas of a package, in the order of the programs' names.
fn stanzas(package: &Path) -> Result<String> {
    let mut programs = BTreeMap::new();
    find(package, PROGRAMS, &mut programs)?;
    let stanza =
        |(name, path)| format!("\n[[bin]]\nname = \"{name}\"\npath = \"{path}\"\ntest = false\n");
    Ok(programs.into_iter().map(stanza).collect())
}

/// Adds the programs in a folder of a package, and in its folders: name, and path in the package.
fn find(package: &Path, folder: &str, programs: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(package.join(folder))? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{file}");
        if entry.file_type()?.is_dir() {
            find(package, &path, programs)?;
        } else if let Some(name) = file.strip_suffix(".rs")
            && let Some(other) = programs.insert(name.to_owned(), path.clone())
        {
            return Err(Error::other(format!("{other} and {path} have the same name")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;

    #[test]
    fn every_program_is_in_its_manifest() {
        let stale = stale(crate::root()).unwrap();
        let stale: Vec<_> = stale.into_iter().map(|(manifest, _)| manifest).collect();
        assert!(stale.is_empty(), "run `cargo xtask manifests`: it has to write {stale:?}");
    }

    /// Runs `work` with a package with these programs, in a folder that exists for that time.
    fn with(programs: &[&str], work: impl FnOnce(&Path)) {
        let name = format!("manifests-{}-{}", std::process::id(), programs.len());
        let package = env::temp_dir().join(name);
        for program in programs {
            let file = package.join(PROGRAMS).join(program);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        work(&package);
        fs::remove_dir_all(package).unwrap();
    }

    #[test]
    fn a_program_may_lie_in_a_folder() {
        with(&["two.rs", "topic/one.rs", "topic/notes.md"], |package| {
            let expected = "\n[[bin]]\nname = \"one\"\npath = \"src/bin/topic/one.rs\"\ntest = false\n\
                \n[[bin]]\nname = \"two\"\npath = \"src/bin/two.rs\"\ntest = false\n";
            assert_eq!(stanzas(package).unwrap(), expected);
        });
    }

    #[test]
    fn two_programs_of_one_name_are_refused() {
        with(&["one.rs", "topic/one.rs"], |package| {
            let error = stanzas(package).unwrap_err().to_string();
            assert!(error.contains("have the same name"), "{error}");
        });
    }
}
