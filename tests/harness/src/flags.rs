// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines at the top of a test's source that say how to run the test. This information has no other place, so a test
//! is one file.
//!
//! | line | meaning |
//! |---|---|
//! | `//! Emulator: OPTIONS` | on the board, the emulator has these options; each such line is a run of its own |
//! | `//! Options: OPTIONS` | the Linux program has these options |
//! | `//! Status: NUMBER` | the Linux program passes with this exit status, instead of 0 |
//! | `//! Without seeds: REASON` | no seed chooses instructions at which interrupts come, because that makes time jump |
//! | `//! Without blocking: REASON` | Linux' system calls are not blocked for user code |
//! | `//! Without measuring: REASON` | on the board, the time for which interrupts are held off is not measured |
//! | `//! Prints: TEXT` | on the board, the output contains this text |

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// The way in which a test is run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Options for the emulator of the board, for each run.
    pub emulator: Vec<Vec<String>>,
    /// Options of the Linux program.
    pub options: Vec<String>,
    /// The exit status with which the Linux program passes.
    pub status: i32,
    /// Texts that the output on the board contains.
    pub prints: Vec<String>,
    /// True if no seeds choose when interrupts come.
    pub without_seeds: bool,
    /// True if Linux' system calls are not blocked.
    pub without_blocking: bool,
    /// True if the time for which interrupts are held off is not measured.
    pub without_measuring: bool,
}

impl Flags {
    /// Returns the flags of a test that says nothing: it runs once, without options.
    #[must_use]
    pub fn once() -> Flags {
        Flags { emulator: vec![Vec::new()], ..Flags::default() }
    }

    /// Reads the flags in the source of a test.
    ///
    /// # Errors
    /// If the file can't be read, or a line does not have the required form.
    pub fn read(source: &Path) -> Result<Flags> {
        let file = || source.display().to_string();
        let text = fs::read_to_string(source).with_context(file)?;
        Flags::parse(&text).with_context(file)
    }

    fn parse(text: &str) -> Result<Flags> {
        let mut flags = Flags::default();
        for line in text.lines().filter_map(|line| line.strip_prefix("//! ")) {
            let Some((name, value)) = line.split_once(": ") else { continue };
            let words = || value.split_whitespace().map(str::to_owned).collect();
            match name {
                "Emulator" => flags.emulator.push(words()),
                "Options" => flags.options = words(),
                "Status" => flags.status = value.parse().context("a status is a number")?,
                "Prints" => flags.prints.push(value.to_owned()),
                "Without seeds" => flags.without_seeds = true,
                "Without blocking" => flags.without_blocking = true,
                "Without measuring" => flags.without_measuring = true,
                _ => continue,
            }
            ensure!(!value.trim().is_empty(), "there is nothing after {name}");
        }
        if flags.emulator.is_empty() {
            flags.emulator.push(Vec::new());
        }
        Ok(flags)
    }

    /// Checks that an output contains all [texts](Flags::prints) that it has to.
    ///
    /// # Errors
    /// If one is missing.
    pub fn check_output(&self, output: &str) -> Result<()> {
        for text in &self.prints {
            ensure!(output.contains(text), "{output}\nit does not print: {text}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_test_that_says_nothing_runs_once() {
        assert_eq!(
            Flags::parse("//! Leases: what they open.\n// Status: 7\n").unwrap(),
            Flags::once()
        );
    }

    #[test]
    fn every_line_is_read() {
        let text = "//! A test.\n//!\n//! Emulator: -a b\n//! Emulator: -c\n//! Options: --d e\n\
            //! Status: 75\n//! Prints: 1 of 2\n//! Without seeds: it takes long.\n//! Without blocking: it calls Linux.\n\
            //! Without measuring: it is the kernel.\n";
        let flags = Flags {
            emulator: vec![words("-a b"), words("-c")],
            options: words("--d e"),
            status: 75,
            prints: vec!["1 of 2".to_owned()],
            without_seeds: true,
            without_blocking: true,
            without_measuring: true,
        };
        assert_eq!(Flags::parse(text).unwrap(), flags);
    }

    #[test]
    fn every_text_has_to_be_printed() {
        let flags = Flags::parse("//! Prints: P1  pass\n//! Prints: P2  pass\n").unwrap();
        assert!(flags.check_output("P1  pass\r\nP2  pass\r\n").is_ok());
        assert!(flags.check_output("P1  pass\r\nP2  FAIL\r\n").is_err());
    }

    #[test]
    fn a_reason_and_a_number_are_asked_for() {
        for text in ["//! Status: many", "//! Without seeds:  "] {
            assert!(Flags::parse(text).is_err(), "{text}");
        }
    }
}
