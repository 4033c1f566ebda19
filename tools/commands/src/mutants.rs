// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mutants that cargo-mutants makes of each function of the kernel's core, and of its dependencies. In contrast to the
//! [mutations](crate::mutations), mutants are generated automatically, so they show code that no test checks. A mutant
//! that survives all tests has to be in `tests/mutants.md`, with the reason why no test can find it.

mod survivors;

use crate::commands::test::Report;
use crate::{command, setup, workspace};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use survivors::{Mutant, Survivors};

/// The packages that are mutated, and the packages whose tests have to find the mutants.
const PACKAGES: [(&str, &[&str]); 3] = [
    ("crossgate-kernel", &["crossgate-kernel"]),
    ("crossgate-protection", &["crossgate-protection"]),
    ("crossgate-abi", &["crossgate-abi", "crossgate-kernel"]),
];
/// Tests that take long. They are run only with mutants that survive all other tests.
const LONG: [&str; 2] = ["every_interleaving", "the_invariants_hold"];
/// The longest time of the quick tests with a mutant, in seconds. If they take longer, they count as hanging, and have
/// found the mutant.
const PATIENCE: &str = "60";
/// The longest time of all tests.
const LONG_PATIENCE: &str = "1200";
/// The exit codes of cargo-mutants if all mutants were caught, if one was missed, and if tests hung with one.
const ANSWERS: [i32; 3] = [0, 2, 3];

/// Tests one part of the mutants, such as `0/8`: the first of eight.
///
/// # Errors
/// If cargo-mutants is missing and can't be installed, or the list of survivors can't be read.
pub fn test(report: &mut Report, shard: &str) -> Result<()> {
    setup::mutants()?;
    let known = Survivors::read(&workspace::root().join("tests/mutants.md"))?;
    for (package, tests) in PACKAGES {
        report.step(&format!("mutants {shard} of {package}"), || {
            Run { package, tests }.check(shard, &known)
        });
    }
    report.step("the list of mutants that survive", || known.check_names(&all()?));
    Ok(())
}

/// The mutants of a package.
struct Run {
    package: &'static str,
    /// The packages whose tests are run.
    tests: &'static [&'static str],
}

impl Run {
    fn check(&self, shard: &str, known: &Survivors) -> Result<()> {
        let mut quick = self.mutants("quick", PATIENCE);
        quick.args(["--shard", shard, "--sharding", "round-robin", "--", "--lib", "--"]);
        LONG.iter().for_each(|test| {
            quick.args(["--skip", test]);
        });
        let missed = self.outcome("quick", &mut quick)?;
        let survivors = if missed.is_empty() { missed } else { self.ask_all_tests(&missed)? };
        let caught = self.read("quick", "caught.txt")?;
        known.judge(&survivors, &caught)
    }

    /// Returns those of these mutants that survive all tests.
    fn ask_all_tests(&self, mutants: &[Mutant]) -> Result<Vec<Mutant>> {
        let mut all = self.mutants("all", LONG_PATIENCE);
        for place in mutants.iter().map(Mutant::place).collect::<BTreeSet<_>>() {
            all.args(["--re", &format!("^{}: ", place.replace('.', "\\."))]);
        }
        let mut missed = self.outcome("all", all.args(["--", "--lib"]))?;
        // Other mutants at the same place are removed from the result.
        missed.retain(|mutant| mutants.contains(mutant));
        Ok(missed)
    }

    fn mutants(&self, pass: &str, patience: &str) -> Command {
        let mut mutants = workspace::cargo();
        mutants.args(["mutants", "--no-times", "--timeout", patience, "--package", self.package]);
        mutants.arg("--output").arg(self.folder(pass));
        self.tests.iter().for_each(|package| {
            mutants.args(["--test-package", package]);
        });
        mutants
    }

    /// Runs the command. Returns the mutants that were missed.
    fn outcome(&self, pass: &str, mutants: &mut Command) -> Result<Vec<Mutant>> {
        fs::create_dir_all(self.folder(pass))?;
        let output = command::output(mutants)?;
        let is_answer = output.status.code().is_some_and(|code| ANSWERS.contains(&code));
        if !is_answer {
            command::check(mutants, &output)?;
            bail!("`{}` ended with {}", command::line(mutants), output.status);
        }
        self.read(pass, "missed.txt")
    }

    fn folder(&self, pass: &str) -> PathBuf {
        workspace::root().join("target/mutants").join(self.package).join(pass)
    }

    fn read(&self, pass: &str, file: &str) -> Result<Vec<Mutant>> {
        let file = self.folder(pass).join("mutants.out").join(file);
        mutants_in(&fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?)
    }
}

/// Returns all existing mutants.
fn all() -> Result<Vec<Mutant>> {
    let mut list = workspace::cargo();
    list.args(["mutants", "--list"]);
    PACKAGES.iter().for_each(|(package, _)| {
        list.args(["--package", package]);
    });
    mutants_in(&String::from_utf8(command::run(&mut list)?.stdout)?)
}

fn mutants_in(text: &str) -> Result<Vec<Mutant>> {
    text.lines().map(str::parse).collect()
}
