//! The longest stretches with interrupts held off.
//!
//! The kernel's handlers are not interrupted: as long as one runs, all others wait. All system tests, and
//! firmware that has the kernel do the most at once, run on the emulated board, where a plugin of the emulator
//! looks for the longest spans of handlers.

mod limits;
mod plugin;
mod symbols;
mod table;

use crate::system_tests::{self, Variant};
use crate::workspace::{Firmware, Profile};
use crate::{board::Board, emulator, progress, setup, workspace};
use anyhow::{Result, bail, ensure};
use handler_spans::Span;
use plugin::Plugin;
use std::collections::BTreeMap;
use std::time::Duration;
use symbols::Symbols;

/// The package with the firmware that has the kernel do the most.
const PACKAGE: &str = "worst-cases";
/// How long a firmware may run.
const PATIENCE: Duration = Duration::from_secs(120);

/// The longest span of a path.
struct Longest {
    /// The handler, and what it called: the names of the functions.
    path: Vec<String>,
    /// How many instructions.
    count: u64,
    /// The firmware.
    firmware: String,
    /// After so many instructions.
    start: u64,
    /// The instructions of each function, the most first.
    parts: Vec<(String, u64)>,
}

impl Longest {
    fn new(span: &Span, symbols: &Symbols, firmware: &str) -> Longest {
        let name = |index: usize| symbols.name(index).to_owned();
        Longest {
            path: span.path(plugin::CALLS).into_iter().map(name).collect(),
            count: span.count(),
            firmware: firmware.to_owned(),
            start: span.start,
            parts: span
                .by_function()
                .into_iter()
                .map(|(index, count)| (name(index), count))
                .collect(),
        }
    }
}

/// Measures, and prints a table of the paths.
///
/// # Errors
/// If something can't be measured, or `check` is set and a span is over its limit.
pub fn run(check: bool) -> Result<()> {
    setup::target()?;
    setup::emulator_for_tests()?;
    let mut firmware = progress::step("building the system tests, release", || {
        system_tests::build(Profile::Release)
    })?;
    firmware.extend(worst_cases()?);
    let longest = measure(&firmware)?;
    table::print(&longest);
    if check {
        limits::check(&longest)?;
    }
    Ok(())
}

fn worst_cases() -> Result<Vec<Firmware>> {
    progress::step("building the worst cases", || {
        workspace::build(PACKAGE, Board::Mps2An385, Profile::Release)
    })
}

/// The longest span of each path in all of these, the longest first.
fn measure(firmware: &[Firmware]) -> Result<Vec<Longest>> {
    let plugin = progress::step("building the emulator's plugin", Plugin::build)?;
    let mut all = BTreeMap::<Vec<String>, Longest>::new();
    for firmware in firmware {
        let found =
            progress::step(&format!("measuring {}", firmware.name), || spans(firmware, &plugin))?;
        for longest in found {
            let known = all.get(&longest.path);
            if known.is_none_or(|known| known.count < longest.count) {
                all.insert(longest.path.clone(), longest);
            }
        }
    }
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|longest| std::cmp::Reverse(longest.count));
    Ok(all)
}

/// What is found in a firmware, in all of its ways to run.
fn spans(firmware: &Firmware, plugin: &Plugin) -> Result<Vec<Longest>> {
    let symbols = Symbols::of(&firmware.file)?;
    let mut found = Vec::new();
    for Variant(options) in system_tests::variants(firmware)? {
        let recording = plugin.record(&symbols)?;
        let options: Vec<_> =
            options.iter().chain(recording.options()).map(String::as_str).collect();
        let finished = emulator::run(&firmware.file, &options, PATIENCE)?;
        ensure!(finished.success, "{} failed:\n{}", firmware.name, finished.output);
        let spans = recording.spans()?;
        if spans.is_empty() {
            bail!("{} has run without a handler", firmware.name);
        }
        found.extend(spans.iter().map(|span| Longest::new(span, &symbols, &firmware.name)));
    }
    Ok(found)
}
