// SPDX-License-Identifier: MIT OR Apache-2.0
//! The longest stretches with interrupts held off.
//!
//! The kernel's handlers are not interrupted: as long as one runs, all others wait. All system tests, and firmware that
//! makes the kernel do the most at once, run on the emulated board, where a plugin of the emulator looks for the
//! longest spans of handlers.

mod limits;
mod table;

use crate::plugin::Plugin;
use crate::symbols::Symbols;
use crate::workspace::{Firmware, Profile};
use crate::{parallel, progress, setup, system_tests, workspace};
use anyhow::{Result, anyhow, ensure};
use handler_spans::Span;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use system_tests_harness::Flags;
use workbench::board::Board;

/// The package with the firmware that makes the kernel do the most.
const PACKAGE: &str = "worst-cases";

/// The longest span of a path.
struct Longest {
    /// The names of the handler, and of the functions that it called.
    path: Vec<String>,
    /// The number of instructions.
    count: u64,
    /// The firmware.
    firmware: String,
    /// The instructions of each function, the largest number first.
    parts: Vec<(String, u64)>,
}

impl Longest {
    fn new(span: &Span, symbols: &Symbols, firmware: &str) -> Longest {
        let name = |index: usize| symbols.name(index).to_owned();
        Longest {
            path: span.path().into_iter().map(name).collect(),
            count: span.count(),
            firmware: firmware.to_owned(),
            parts: span
                .by_function()
                .into_iter()
                .map(|(index, count)| (name(index), count))
                .collect(),
        }
    }

    fn path(&self) -> String {
        self.path.join(" > ")
    }
}

/// The measurements of firmware that has run.
pub struct Measurement {
    plugin: Plugin,
    longest: Mutex<ByPath>,
}

/// The longest span of each path.
#[derive(Default)]
struct ByPath(BTreeMap<String, Longest>);

impl Measurement {
    /// Builds the tools of the measurement.
    ///
    /// # Errors
    /// If they do not build.
    pub fn new() -> Result<Measurement> {
        Ok(Measurement { plugin: Plugin::build()?, longest: Mutex::default() })
    }

    /// Runs a firmware of the release profile, in all of its runs. It is measured unless its [flags](Flags) say that it
    /// is not.
    ///
    /// # Errors
    /// If it fails, or can't be measured.
    pub fn run(&self, firmware: &Firmware) -> Result<()> {
        if Flags::read(&firmware.source)?.without_measuring {
            return system_tests::run(firmware, Profile::Release);
        }
        let symbols = Symbols::of(firmware)?;
        for variant in system_tests::variants(firmware)? {
            let recording = self.plugin.record_spans(&symbols)?;
            system_tests::run_with(firmware, Profile::Release, &variant, recording.options())?;
            for line in recording.text()?.lines() {
                let span = line.parse().map_err(|why: String| anyhow!(why))?;
                self.longest().add(Longest::new(&span, &symbols, &firmware.name));
            }
        }
        Ok(())
    }

    /// Checks every span.
    ///
    /// # Errors
    /// If a span is over its limit, or there is none.
    pub fn check(&self) -> Result<()> {
        let longest = self.longest();
        ensure!(!longest.0.is_empty(), "no handler was seen");
        let missed = limits::missed(longest.0.values());
        ensure!(missed.is_empty(), "interrupts are held off for too long:\n{}", missed.join("\n"));
        Ok(())
    }

    fn longest(&self) -> MutexGuard<'_, ByPath> {
        self.longest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self) {
        let longest = self.longest();
        let mut longest: Vec<_> = longest.0.values().collect();
        longest.sort_by_key(|longest| std::cmp::Reverse(longest.count));
        table::print(&longest);
    }
}

impl ByPath {
    fn add(&mut self, longest: Longest) {
        let path = longest.path();
        if self.0.get(&path).is_none_or(|known| known.count < longest.count) {
            self.0.insert(path, longest);
        }
    }
}

/// Measures the firmware with this text in its name, and prints a table of the paths.
///
/// # Errors
/// If something can't be measured, or `check` is set and a span is over its limit.
pub fn run(check: bool, text: &str) -> Result<()> {
    setup::target()?;
    setup::emulator_for_tests()?;
    let tests = || system_tests::build(Board::reference(), Profile::Release);
    let mut firmware = progress::step("building the system tests, release", tests)?;
    firmware.extend(progress::step("building the worst cases", cases)?);
    firmware.retain(|firmware| firmware.name.contains(text));
    ensure!(!firmware.is_empty(), "there is no firmware with {text} in its name");
    let measurement = progress::step("building the emulator's plugin", Measurement::new)?;
    let results = parallel::map(firmware, |firmware| {
        progress::step(&format!("measuring {}", firmware.name), || measurement.run(&firmware))
    });
    results.into_iter().collect::<Result<()>>()?;
    measurement.print();
    if check { measurement.check() } else { Ok(()) }
}

/// Builds the firmware that makes the kernel do the most.
///
/// # Errors
/// If it does not build.
pub fn cases() -> Result<Vec<Firmware>> {
    workspace::build(PACKAGE, Board::reference(), Profile::Release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_each_path_is_kept() {
        let mut by_path = ByPath::default();
        for (path, count, firmware) in
            [("a", 5, "one"), ("b", 7, "one"), ("a", 6, "two"), ("b", 7, "two")]
        {
            let (path, firmware) = (vec![path.to_owned()], firmware.to_owned());
            by_path.add(Longest { path, count, firmware, parts: Vec::new() });
        }
        let kept: Vec<_> =
            by_path.0.values().map(|l| (l.path(), l.count, l.firmware.as_str())).collect();
        assert_eq!(kept, [("a".to_owned(), 6, "two"), ("b".to_owned(), 7, "one")]);
    }
}
