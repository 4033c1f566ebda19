// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tests that fail with a mutation.

use super::call::Call;
use crate::copy::Copy;
use anyhow::{Context, Result, bail, ensure};
use std::time::{Duration, Instant};

/// The factor by which a test may take longer with a mutation than without it. If it takes longer than that, it counts
/// as hanging.
const SLOWER: u32 = 5;
/// The shortest time limit of a test, even if the test is very fast without the mutation.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest time of a test that is not mutated.
const LONG: Duration = Duration::from_secs(1200);

/// A command that fails with the mutation.
pub struct Proof {
    /// The call of the command.
    pub command: Call,
    /// A text that the output has to contain.
    says: Option<String>,
}

impl Proof {
    /// Reads the lines `Fails: COMMAND` and `Says: TEXT`.
    ///
    /// # Errors
    /// If a line is something else, or there is no command.
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

    /// Checks that the test is built and fails. `time` is the time that it takes without the mutation.
    ///
    /// # Errors
    /// If it is not built, or does not fail.
    pub fn check(&self, time: Duration, copy: &Copy) -> Result<()> {
        self.command.build(copy)?;
        let finished = self.command.run(copy, PATIENCE.max(SLOWER * time))?;
        let finished = finished.context("this machine can't run it any more")?;
        self.judge(finished.success, &finished.output)
            .with_context(|| format!("{}\n\n`{}`", finished.output.trim_end(), self.command))
    }

    fn judge(&self, passes: bool, output: &str) -> Result<()> {
        ensure!(!passes, "the test passes, although what it tests is taken out");
        if let Some(says) = &self.says {
            ensure!(output.contains(says), "the test fails, but does not say {says:?}");
        }
        Ok(())
    }
}

/// Checks that the test passes. Returns the time that it takes; `None` if this machine can't run it.
///
/// # Errors
/// If it does not pass, or there is no such test.
pub fn passes(test: &Call, copy: &Copy) -> Result<Option<Duration>> {
    if !test.has_target() {
        return Ok(None);
    }
    test.build(copy)?;
    let start = Instant::now();
    let Some(finished) = test.run(copy, LONG)? else { return Ok(None) };
    let output = finished.output.trim_end();
    ensure!(finished.success, "{output}\n\n`{test}` fails without a mutation");
    ensure!(test.is_run(output), "{output}\n\n`{test}` runs no test");
    Ok(Some(start.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
