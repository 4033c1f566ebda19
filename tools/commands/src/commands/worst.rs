// SPDX-License-Identifier: MIT OR Apache-2.0
//! The longest times for which interrupts are held off.
//!
//! The kernel's handlers are not interrupted: while one handler runs, all others wait. All system tests run on an
//! emulated board, and also firmware that makes the kernel do as much work as possible at once. A plugin of the
//! emulator finds the longest spans of handlers.
//!
//! A handler may check if an interrupt is pending (a *look*), and stop early. If a span ends with a look that found no
//! interrupt, it counts as if the look had found one. The work that is left to do in this case is measured at looks
//! that did find an interrupt.

pub mod limits;
mod longest;
mod table;

use crate::plugin::Plugin;
use crate::symbols::Symbols;
use crate::workspace::{Firmware, Profile};
use crate::{parallel, progress, setup, system_tests};
use anyhow::{Context, Result, anyhow, ensure};
use handler_spans::{Look, Span};
use longest::Longest;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use system_tests_harness::Flags;
use workbench::board::Board;

/// The package with the firmware that makes the kernel do as much work as possible at once.
const PACKAGE: &str = "worst-cases";

/// The measurements of the firmware of a board that has run so far.
pub struct Measurement {
    board: Board,
    plugin: Plugin,
    longest: Mutex<ByPath>,
}

/// The longest spans of each path: one for each look with which a span of the path ends.
#[derive(Default)]
struct ByPath {
    spans: BTreeMap<(String, Option<String>), Longest>,
    /// For each look, and for each firmware: the largest number of instructions after the look, if it has found an
    /// interrupt.
    left: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Measurement {
    /// Builds the tools of the measurement on this board.
    ///
    /// # Errors
    /// If they do not build.
    pub fn new(board: Board) -> Result<Measurement> {
        Ok(Measurement { board, plugin: Plugin::build()?, longest: Mutex::default() })
    }

    /// Runs a firmware of the release profile in all of its variants. Measures it, unless its [flags](Flags) exclude it
    /// from the measurement.
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
                self.longest().add(&span, &symbols, &firmware.name);
            }
        }
        Ok(())
    }

    /// Checks every span.
    ///
    /// # Errors
    /// If a span is over its limit, or if there is no span.
    fn check_spans(&self) -> Result<()> {
        let longest = self.longest();
        ensure!(!longest.spans.is_empty(), "no handler was seen");
        let missed = limits::missed(&longest.totals(), limits::of(self.board));
        ensure!(missed.is_empty(), "interrupts are held off for too long:\n{}", missed.join("\n"));
        Ok(())
    }

    /// Checks every span and every look of all firmware.
    ///
    /// # Errors
    /// If a span is over its limit, if there is no span, or if a look never found an interrupt.
    pub fn check(&self) -> Result<()> {
        self.check_spans()?;
        let unknown = self.longest().looks_without_end();
        ensure!(unknown.is_empty(), "no interrupt was found by these: {}", unknown.join(", "));
        Ok(())
    }

    fn longest(&self) -> MutexGuard<'_, ByPath> {
        self.longest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self) {
        let mut longest = self.longest().totals();
        longest.sort_by_key(|longest| std::cmp::Reverse(longest.count));
        table::print(&longest, limits::of(self.board));
    }
}

impl ByPath {
    fn add(&mut self, span: &Span, symbols: &Symbols, firmware: &str) {
        if let Some(Look { index, left: Some(left) }) = span.look {
            let of_look = self.left.entry(symbols.look(index).to_owned()).or_default();
            let most = of_look.entry(firmware.to_owned()).or_default();
            *most = left.max(*most);
        }
        self.keep(Longest::new(span, symbols, firmware));
    }

    fn keep(&mut self, longest: Longest) {
        let key = (longest.path(), longest.look.clone());
        if self.spans.get(&key).is_none_or(|known| known.count < longest.count) {
            self.spans.insert(key, longest);
        }
    }

    /// Returns the functions whose looks never found an interrupt.
    fn looks_without_end(&self) -> Vec<String> {
        let looks = self.spans.values().filter_map(|longest| longest.look.as_ref());
        let mut looks: Vec<_> =
            looks.filter(|look| !self.left.contains_key(*look)).cloned().collect();
        looks.sort();
        looks.dedup();
        looks
    }

    /// Returns the number of instructions after a look that finds an interrupt: in this firmware, or if this is not
    /// known, the largest number in any firmware.
    fn left(&self, look: &str, firmware: &str) -> u64 {
        let of_look = self.left.get(look);
        let here = of_look.and_then(|of_look| of_look.get(firmware));
        here.or_else(|| of_look?.values().max()).copied().unwrap_or(0)
    }

    /// Returns the longest span of each path, including the instructions after the look at its end.
    fn totals(&self) -> Vec<Longest> {
        let mut totals = BTreeMap::<String, Longest>::new();
        for longest in self.spans.values() {
            let mut longest = longest.clone();
            if let Some(look) = &longest.look {
                let left = self.left(look, &longest.firmware);
                longest.count += left;
                longest.parts.push((format!("an interrupt found by {look}"), left));
            }
            let path = longest.path();
            if totals.get(&path).is_none_or(|known| known.count < longest.count) {
                totals.insert(path, longest);
            }
        }
        totals.into_values().collect()
    }
}

/// Measures the firmware of a board with this text in its name, and prints a table of the paths.
///
/// # Errors
/// If some firmware can't be measured; the table then shows the others. If `check` is set: if a span is over its limit,
/// or if all firmware was measured and a look never found an interrupt.
pub fn run(board: Board, check: bool, text: &str) -> Result<()> {
    let row = board.row().context("on this machine, interrupts are not held off")?;
    setup::target_of(row)?;
    setup::emulator_for_tests()?;
    let mut packages = system_tests::packages(board).to_vec();
    packages.push(PACKAGE);
    let firmware =
        progress::step("building the system tests and the worst cases, release", || {
            system_tests::build_named(&packages, board, Profile::Release, text)
        })?;
    let new = || Measurement::new(board);
    let measurement = progress::step("building the emulator's plugin", new)?;
    let results = parallel::map(firmware, |firmware| {
        progress::step(&format!("measuring {}", firmware.name), || measurement.run(&firmware))
    });
    measurement.print();
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    let failures: Vec<_> = failures.iter().map(|error| format!("{error:#}")).collect();
    ensure!(failures.is_empty(), "not all firmware could be measured:\n{}", failures.join("\n"));
    match (check, text) {
        (false, _) => Ok(()),
        (true, "") => measurement.check(),
        // Looks are not checked here, because some of them find an interrupt only in other firmware.
        (true, _) => measurement.check_spans(),
    }
}

/// Builds the firmware that makes the kernel do as much work as possible at once, for a board.
///
/// # Errors
/// If it does not build.
pub fn cases(board: Board) -> Result<Vec<Firmware>> {
    system_tests::build_packages(&[PACKAGE], board, Profile::Release)
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
            by_path.keep(Longest { path, count, look: None, firmware, parts: Vec::new() });
        }
        let kept: Vec<_> = by_path.totals();
        let kept: Vec<_> = kept.iter().map(|l| (l.path(), l.count, l.firmware.as_str())).collect();
        assert_eq!(kept, [("a".to_owned(), 6, "two"), ("b".to_owned(), 7, "one")]);
    }

    #[test]
    fn what_follows_a_look_is_added() {
        let mut by_path = ByPath::default();
        for (count, look) in [(9, None), (5, Some("rare")), (6, Some("often")), (7, Some("never"))]
        {
            let (path, look) = (vec!["a".to_owned()], look.map(str::to_owned));
            by_path.keep(Longest { path, count, look, firmware: String::new(), parts: Vec::new() });
        }
        let left = |firmware: &str, left| [(firmware.to_owned(), left)].into();
        by_path.left.insert("rare".to_owned(), left("", 4));
        by_path.left.insert("often".to_owned(), left("another", 5));
        assert_eq!(by_path.looks_without_end(), ["never"]);
        let totals: Vec<_> = by_path.totals().iter().map(|longest| longest.count).collect();
        assert_eq!(totals, [11]);
    }
}
