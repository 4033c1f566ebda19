// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of cargo that run tests.

use crate::copy::Copy;
use crate::{aarch64, command, keys, setup, workspace};
use anyhow::{Context, Result, ensure};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;
use system_tests_harness::{Flags, cpu_has_keys};
use workbench::emulator::Finished;
use workbench::setup::AARCH64;
use workbench::{board, emulator};

/// A call of cargo that runs a test: `cargo run` or `cargo test`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    words: Vec<String>,
}

impl Call {
    /// Reads a `cargo run` or `cargo test` command.
    ///
    /// # Errors
    /// If it is another command.
    pub fn read(text: &str) -> Result<Call> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let begin: Vec<_> = words.iter().take(2).map(String::as_str).collect();
        ensure!(
            begin == ["cargo", "run"] || begin == ["cargo", "test"],
            "neither `cargo run` nor `cargo test`: {text}"
        );
        Ok(Call { words })
    }

    /// Returns whether the target of the test is there, or can be added.
    pub fn has_target(&self) -> bool {
        let mut rows = board::emulated().filter(|row| self.words.contains(&row.target));
        rows.next().is_none_or(|row| setup::target_of(row).is_ok())
    }

    /// Builds the program, without running it.
    ///
    /// # Errors
    /// If it can't be built.
    pub fn build(&self, copy: &Copy) -> Result<()> {
        let mut cargo = copy.cargo();
        if self.is_for_aarch64() {
            setup::aarch64()?;
            cargo.envs(aarch64::ENVIRONMENT);
        }
        match self.words[1].as_str() {
            "run" => cargo.arg("build"),
            _ => cargo.args(["test", "--no-run"]),
        };
        cargo.args(self.words[2..].iter().take_while(|word| *word != "--"));
        command::run(&mut cargo).context("the test is not built")?;
        Ok(())
    }

    /// Runs the test, for at most `patience`; returns `None` if this machine can't run it.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn run(&self, copy: &Copy, patience: Duration) -> Result<Option<Finished>> {
        if self.needs_keys() && !cpu_has_keys() {
            let Ok(linux) = setup::linux_with_keys() else { return Ok(None) };
            let package = self.value("-p").context("it has no -p")?;
            let arguments = self.words.iter().skip_while(|word| *word != "--").skip(1);
            let arguments: Vec<_> = arguments.map(String::as_str).collect();
            return keys::run(&linux, &mut copy.cargo(), package, &arguments).map(Some);
        }
        let flags = self.flags(copy)?;
        let mut finished = Finished { success: true, output: String::new() };
        for options in &flags.emulator {
            let run = self.run_with(options, copy, patience)?;
            finished.success &= run.success;
            finished.output += &run.output;
        }
        if finished.success
            && let Err(missing) = flags.check_output(&finished.output)
        {
            finished = Finished { success: false, output: format!("{missing:#}") };
        }
        Ok(Some(finished))
    }

    /// Returns how the source of a firmware says that it is run. Options for the emulator in the command replace those of
    /// the source.
    fn flags(&self, copy: &Copy) -> Result<Flags> {
        let (Some(package), Some(program)) = (self.value("-p"), self.value("--bin")) else {
            return Ok(Flags::once());
        };
        if self.value("--target").is_none() || self.words.iter().any(|word| word == "--") {
            return Ok(Flags::once());
        }
        Flags::read(&copy.file("").join(workspace::source(package, program)?))
    }

    /// Runs the test once, with further options for the emulator.
    fn run_with(&self, options: &[String], copy: &Copy, patience: Duration) -> Result<Finished> {
        let mut cargo = copy.cargo();
        cargo.args(&self.words[1..]);
        if !options.is_empty() {
            cargo.arg("--").args(options);
        }
        if self.is_for_aarch64() {
            cargo.envs(aarch64::ENVIRONMENT);
        }
        // As in `cargo xtask test`, the time of the firmware does not depend on the load of this machine.
        let runner = command::line(&emulator::runner(&copy.file("")));
        for row in board::emulated() {
            let target = row.target.to_uppercase().replace('-', "_");
            cargo.env(format!("CARGO_TARGET_{target}_RUNNER"), &runner);
        }
        cargo.env("RUST_BACKTRACE", "0").env_remove("CROSSGATE_SOAK_SECONDS");
        let output = command::bounded(&mut cargo, patience)?;
        let success = output.status.is_some_and(|status| status.success());
        Ok(Finished { success, output: output.text })
    }

    /// Returns `true` if the test is a program for 64-bit ARM.
    fn is_for_aarch64(&self) -> bool {
        self.words.iter().any(|word| word == AARCH64)
    }

    /// Returns `true` if the test is one of those that the harness runs with protection keys only.
    fn needs_keys(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("keys::"))
    }

    /// Returns `true` if the command has run a test, according to its output.
    pub fn is_run(&self, output: &str) -> bool {
        let passed =
            |line: &str| line.starts_with("test result: ok. ") && !line.contains(". 0 passed;");
        self.words[1] == "run" || output.lines().any(passed)
    }

    fn value(&self, option: &str) -> Option<&str> {
        let place = self.words.iter().position(|word| word == option)?;
        Some(self.words.get(place + 1)?)
    }
}

impl Display for Call {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        formatter.write_str(&self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::Package;
    use std::fs;
    use std::path::Path;

    /// Options of cargo that have a value.
    const WITH_VALUE: [&str; 6] = ["-p", "--package", "--bin", "--test", "--target", "--features"];

    impl Call {
        /// Checks that the package, the program and the tests exist.
        pub fn check_names(&self, packages: &[Package]) -> Result<()> {
            let name = self.value("-p").context("it has no -p")?;
            let package = packages.iter().find(|package| *package.name == name);
            let package = package.context("there is no such package")?;
            let programs: Vec<_> = package.targets.iter().map(|target| &target.name).collect();
            for program in ["--bin", "--test"].iter().filter_map(|option| self.value(option)) {
                ensure!(programs.iter().any(|name| *name == program), "there is no {program}");
            }
            let folder = package.manifest_path.parent().context("a package without a folder")?;
            for test in self.tests() {
                // The name of a module may be before the name of the test.
                let test = test.rsplit("::").next().unwrap_or(test);
                ensure!(
                    programs.iter().any(|name| *name == test)
                        || is_in(folder.as_std_path(), &format!("fn {test}"))?,
                    "there is no test {test}"
                );
            }
            Ok(())
        }

        /// Returns the names of the tests: the words that are neither an option nor its value.
        fn tests(&self) -> Vec<&str> {
            let mut tests = Vec::new();
            let mut before = "";
            for word in &self.words[2..] {
                if !word.starts_with('-') && !WITH_VALUE.contains(&before) {
                    tests.push(word.as_str());
                }
                before = word;
            }
            if self.words[1] == "test" { tests } else { Vec::new() }
        }
    }

    /// Returns `true` if a text is in a Rust file in this folder.
    fn is_in(folder: &Path, text: &str) -> Result<bool> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            if (path.is_dir() && is_in(&path, text)?)
                || (is_rust && fs::read_to_string(&path)?.contains(text))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[test]
    fn a_test_that_is_ignored_is_not_run() {
        let test = Call::read("cargo test -p one two").unwrap();
        let none = "test two ... ignored\ntest result: ok. 0 passed; 0 failed; 1 ignored\n";
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored\n";
        assert!(test.is_run(&format!("{none}{one}")));
        assert!(!test.is_run(none));
        assert!(Call::read("cargo run -p one").unwrap().is_run(""));
    }

    #[test]
    fn names_of_tests_are_told_from_options() {
        let call = Call::read("cargo test -p one --test two three -- --exact four::five").unwrap();
        assert_eq!(call.tests(), ["three", "four::five"]);
    }
}
