//! The commands that fail with a mutation.

use super::copy::Copy;
use crate::{command, emulator, setup};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::{self, Display, Formatter};
use std::process::Command;
use std::time::{Duration, Instant};

/// A test may take so much longer with a mutation than without; after that, it hangs.
const SLOWER: u32 = 10;
/// How long a test may take, however fast it is without the mutation.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a test may take that is not mutated.
const LONG: Duration = Duration::from_secs(1200);

/// A command that fails with the mutation.
pub struct Proof {
    /// How it is called.
    pub command: Call,
    /// A text that is in its output.
    says: Option<String>,
}

/// A call of cargo that runs a test: `cargo run` or `cargo test`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    words: Vec<String>,
}

impl Proof {
    /// Reads the lines `Fails: COMMAND` and `Says: TEXT`.
    ///
    /// # Errors
    /// A line is something else, or there is no command.
    pub fn read_all(lines: &str) -> Result<Vec<Proof>> {
        let mut proofs: Vec<Proof> = Vec::new();
        for line in lines.lines() {
            if let Some(command) = line.strip_prefix("Fails: ") {
                proofs.push(Proof { command: Call::read(command)?, says: None });
            } else if let Some(text) = line.strip_prefix("Says: ")
                && let Some(Proof { says: says @ None, .. }) = proofs.last_mut()
            {
                *says = Some(text.into());
            } else {
                bail!("neither a line `Fails: COMMAND` nor `Says: TEXT` below one: {line}");
            }
        }
        ensure!(!proofs.is_empty(), "there is no line `Fails: COMMAND` after the first empty one");
        Ok(proofs)
    }

    /// Checks that the test is built and fails. `time` is how long it takes without the mutation.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, time: Duration, copy: &Copy) -> Result<()> {
        build(&self.command, copy)?;
        let mut cargo = self.command.run(copy);
        let output = command::bounded(&mut cargo, PATIENCE.max(SLOWER * time))?;
        self.judge(output.status.is_some_and(|status| status.success()), &output.text)
            .with_context(|| format!("{}\n\n`{}`", output.text.trim_end(), self.command))
    }

    fn judge(&self, passes: bool, output: &str) -> Result<()> {
        ensure!(!passes, "the test passes, although what it tests is taken out");
        if let Some(says) = &self.says {
            ensure!(output.contains(says), "the test fails, but does not say {says:?}");
        }
        Ok(())
    }
}

/// Checks that the test passes. Tells how long it takes; `None` if this machine can't run it.
///
/// # Errors
/// If it does not pass, or there is no such test.
pub fn passes(test: &Call, copy: &Copy) -> Result<Option<Duration>> {
    build(test, copy)?;
    let start = Instant::now();
    let mut cargo = test.run(copy);
    let output = command::bounded(&mut cargo, LONG)?;
    let passes = output.status.is_some_and(|status| status.success());
    ensure!(passes, "{}\n\n`{test}` fails without a mutation", output.text.trim_end());
    let is_run = test.is_run(&output.text).with_context(|| format!("`{test}` runs no test"))?;
    Ok(is_run.then(|| start.elapsed()))
}

/// What is not built is not tested.
fn build(test: &Call, copy: &Copy) -> Result<()> {
    command::run(&mut test.build(copy)).context("the test is not built")?;
    Ok(())
}

impl Call {
    fn read(text: &str) -> Result<Call> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let begin: Vec<_> = words.iter().take(2).map(String::as_str).collect();
        ensure!(
            begin == ["cargo", "run"] || begin == ["cargo", "test"],
            "neither `cargo run` nor `cargo test`: {text}"
        );
        Ok(Call { words })
    }

    /// Only builds what it runs.
    fn build(&self, copy: &Copy) -> Command {
        let mut cargo = copy.cargo();
        match self.words[1].as_str() {
            "run" => cargo.arg("build"),
            _ => cargo.args(["test", "--no-run"]),
        };
        cargo.args(self.words[2..].iter().take_while(|word| *word != "--"));
        cargo
    }

    fn run(&self, copy: &Copy) -> Command {
        let mut cargo = copy.cargo();
        cargo.args(&self.words[1..]);
        // As `cargo xtask test` runs firmware: its time does not depend on how busy this machine is.
        let target = setup::TARGET.to_uppercase().replace('-', "_");
        let runner = command::line(&emulator::runner());
        cargo.env(format!("CARGO_TARGET_{target}_RUNNER"), runner);
        cargo.env("RUST_BACKTRACE", "0").env_remove("CROSSGATE_SOAK_SECONDS");
        cargo
    }

    /// Whether it has run a test, by its output, and not only ignored it; `None` if there was none.
    fn is_run(&self, output: &str) -> Option<bool> {
        let passed =
            |line: &str| line.starts_with("test result: ok. ") && !line.contains(". 0 passed;");
        if self.words[1] == "run" || output.lines().any(passed) {
            return Some(true);
        }
        output.contains("... ignored").then_some(false)
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
    const WITH_VALUE: [&str; 5] = ["-p", "--package", "--bin", "--test", "--target"];

    impl Call {
        /// Checks that the package, the program and the tests are there.
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
                // A module's name may be before it.
                let test = test.rsplit("::").next().unwrap_or(test);
                ensure!(
                    programs.iter().any(|name| *name == test)
                        || is_in(folder.as_std_path(), &format!("fn {test}"))?,
                    "there is no test {test}"
                );
            }
            Ok(())
        }

        fn value(&self, option: &str) -> Option<&str> {
            let place = self.words.iter().position(|word| word == option)?;
            Some(self.words.get(place + 1)?)
        }

        /// The names of the tests: what is neither an option nor its value.
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

    /// Whether a text is in a Rust file in this folder.
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
    fn a_text_belongs_to_the_command_above() {
        let lines = "Fails: cargo run -p one --bin two\nFails: cargo test -p three\nSays: a b";
        let proofs = Proof::read_all(lines).unwrap();
        let [first, second] = proofs.as_slice() else { panic!("two commands") };
        assert_eq!(first.command.to_string(), "cargo run -p one --bin two");
        assert_eq!(first.says, None);
        assert_eq!(second.says.as_deref(), Some("a b"));
    }

    #[test]
    fn nothing_else_is_run() {
        for lines in [
            "Fails: rm -r .",
            "Fails: cargo install -p one",
            "Fails: cargo",
            "Says: a",
            "Fails: cargo test -p one\nSays: a\nSays: b",
            "",
        ] {
            assert!(Proof::read_all(lines).is_err(), "{lines}");
        }
    }

    #[test]
    fn a_test_has_to_fail_and_to_say_why() {
        let proof = &Proof::read_all("Fails: cargo test -p one\nSays: why").unwrap()[0];
        assert!(proof.judge(false, "that is why").is_ok());
        assert!(proof.judge(false, "").is_err());
        assert!(proof.judge(true, "that is why").is_err());
    }

    #[test]
    fn a_test_that_is_ignored_is_not_run() {
        let call = |line: &str| Proof::read_all(line).unwrap().remove(0).command;
        let test = call("Fails: cargo test -p one two");
        let none = "test result: ok. 0 passed; 0 failed; 1 ignored\n";
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored\n";
        assert_eq!(test.is_run(&format!("{none}{one}")), Some(true));
        assert_eq!(test.is_run(&format!("test two ... ignored\n{none}")), Some(false));
        assert_eq!(test.is_run(none), None);
        assert_eq!(call("Fails: cargo run -p one").is_run(""), Some(true));
    }

    #[test]
    fn names_of_tests_are_told_from_options() {
        let line = "Fails: cargo test -p one --test two three -- --exact four::five";
        let call = &Proof::read_all(line).unwrap()[0].command;
        assert_eq!(call.tests(), ["three", "four::five"]);
    }
}
