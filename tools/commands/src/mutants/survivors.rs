// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of mutants that may survive: `tests/mutants.md`. Below a heading with a file, each item is the name of a
//! mutant in the words of cargo-mutants, without its place, and the reason why no test can find it:
//!
//! ```text
//! ## kernel/src/call.rs
//!
//! - `replace < with <= in Kernel<P>::call`: why.
//! ```

use anyhow::{Context, Error, Result, bail, ensure};
use std::fs;
use std::path::Path;
use std::str::FromStr;

/// The start of a line with a file. The next constant is the start of a line with a mutant.
const FILE: &str = "## ";
const MUTANT: &str = "- `";

/// A mutant, such as `kernel/src/call.rs:123:4: replace < with <= in Kernel<P>::call`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    file: String,
    /// The line and the column.
    position: String,
    what: String,
}

impl Mutant {
    /// Returns its place: file, line and column.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.position)
    }
}

impl FromStr for Mutant {
    type Err = Error;

    fn from_str(line: &str) -> Result<Mutant> {
        let (place, what) = line.split_once(": ").with_context(|| format!("no mutant: {line}"))?;
        let (file, position) = place.split_once(':').context("a mutant without a line")?;
        Ok(Mutant { file: file.into(), position: position.into(), what: what.into() })
    }
}

/// A mutant of the list. The same change may be possible at several places of a function: then the entry is for all of
/// them.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    file: String,
    what: String,
}

impl Entry {
    fn is(&self, mutant: &Mutant) -> bool {
        self.file == mutant.file && self.what == mutant.what
    }
}

/// The list.
#[derive(Debug)]
pub struct Survivors(Vec<Entry>);

impl Survivors {
    /// Reads the list.
    ///
    /// # Errors
    /// If the file can't be read, or has an item without a file or a reason.
    pub fn read(file: &Path) -> Result<Survivors> {
        let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
        Survivors::parse(&text).with_context(|| format!("{}", file.display()))
    }

    fn parse(text: &str) -> Result<Survivors> {
        let mut entries = Vec::new();
        let mut file = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix(FILE) {
                file = Some(name);
            } else if let Some(item) = line.strip_prefix(MUTANT) {
                let file = file.with_context(|| format!("a mutant of no file: {line}"))?;
                let (what, reason) = item.split_once("`: ").unwrap_or((item, ""));
                ensure!(!reason.trim().is_empty(), "a mutant without a reason: {line}");
                entries.push(Entry { file: file.into(), what: what.into() });
            }
        }
        Ok(Survivors(entries))
    }

    fn has(&self, mutant: &Mutant) -> bool {
        self.0.iter().any(|entry| entry.is(mutant))
    }

    /// Compares the list with the results of a run: the mutants that survived, and the mutants that were caught. If the
    /// mutant of an entry did not survive, this is only reported.
    ///
    /// # Errors
    /// If a mutant survived that is not in the list.
    pub fn judge(&self, survivors: &[Mutant], caught: &[Mutant]) -> Result<()> {
        for entry in self.caught(survivors, caught) {
            eprintln!("does not survive any more: {}: {}", entry.file, entry.what);
        }
        let unknown: Vec<_> = survivors.iter().filter(|mutant| !self.has(mutant)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let unknown: Vec<_> =
            unknown.iter().map(|mutant| format!("{}: {}", mutant.place(), mutant.what)).collect();
        bail!(
            "No test finds these. Write one, or tell in tests/mutants.md why that is right:\n{}",
            unknown.join("\n")
        )
    }

    /// Returns the entries whose mutants did not survive: none survived, and at least one was caught.
    fn caught(&self, survivors: &[Mutant], caught: &[Mutant]) -> Vec<&Entry> {
        let is_in = |entry: &Entry, mutants: &[Mutant]| mutants.iter().any(|it| entry.is(it));
        self.0.iter().filter(|entry| is_in(entry, caught) && !is_in(entry, survivors)).collect()
    }

    /// Checks that each entry is one of `mutants`.
    ///
    /// # Errors
    /// If an entry is none of them, because the code that it names has changed.
    pub fn check_names(&self, mutants: &[Mutant]) -> Result<()> {
        let is_gone = |entry: &&Entry| !mutants.iter().any(|mutant| entry.is(mutant));
        let gone: Vec<_> = self.0.iter().filter(is_gone).collect();
        ensure!(gone.is_empty(), "tests/mutants.md has mutants that there are not: {gone:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# Mutants\n\n## kernel/src/call.rs\n\n- `replace < with <= in call`: the two \
        are\n  the same there.\n- `replace && with || in call`: because.\n";

    fn mutant(line: &str) -> Mutant {
        line.parse().unwrap()
    }

    fn known() -> Mutant {
        mutant("kernel/src/call.rs:7:13: replace < with <= in call")
    }

    #[test]
    fn a_mutant_has_a_place_and_a_name() {
        assert_eq!(known().place(), "kernel/src/call.rs:7:13");
        assert_eq!(known().what, "replace < with <= in call");
        assert!("kernel/src/call.rs".parse::<Mutant>().is_err());
    }

    #[test]
    fn one_in_the_list_may_survive() {
        let list = Survivors::parse(LIST).unwrap();
        assert_eq!(list.0.len(), 2);
        list.judge(&[known()], &[]).unwrap();
    }

    #[test]
    fn one_that_is_not_in_the_list_may_not() {
        let list = Survivors::parse(LIST).unwrap();
        for other in [
            "kernel/src/lock.rs:7:13: replace < with <= in call",
            "kernel/src/call.rs:7:13: replace < with > in call",
        ] {
            let error = list.judge(&[known(), mutant(other)], &[]).unwrap_err().to_string();
            assert!(error.ends_with(&format!("\n{other}")), "{error}");
            assert!(!error.contains("with <= in call\nkernel"), "{error}");
        }
    }

    #[test]
    fn one_of_the_list_that_is_caught_is_told() {
        let list = Survivors::parse(LIST).unwrap();
        assert_eq!(list.caught(&[], &[known()]), [&list.0[0]]);
        assert!(list.caught(&[known()], &[known()]).is_empty());
        assert!(list.caught(&[], &[]).is_empty());
    }

    #[test]
    fn a_name_that_is_none_any_more_is_an_error() {
        let list = Survivors::parse(LIST).unwrap();
        let other = mutant("kernel/src/call.rs:9:1: replace && with || in call");
        list.check_names(&[known(), other]).unwrap();
        assert!(list.check_names(&[known()]).is_err());
    }

    #[test]
    fn a_reason_is_asked_for() {
        assert!(Survivors::parse("## a.rs\n- `replace a`\n").is_err());
        assert!(Survivors::parse("- `replace a`: why.\n").is_err());
    }

    #[test]
    fn the_list_can_be_read() {
        Survivors::read(&crate::workspace::root().join("tests/mutants.md")).unwrap();
    }
}
