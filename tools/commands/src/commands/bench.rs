// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the kernel's operations.

mod cycles;
mod emulated;
#[cfg(target_os = "linux")]
mod hosted;
#[cfg(not(target_os = "linux"))]
#[path = "bench/not_hosted.rs"]
mod hosted;
mod table;

use anyhow::{Result, bail, ensure};
use std::collections::BTreeMap;
use std::time::Duration;
use workbench::board::{BENCHMARK, Board};
use workbench::setup;

pub use emulated::{FLASH, OPERATIONS, check, figures};
pub use hosted::check as check_hosted;

/// The package with the benchmarks: programs that print their results.
const PACKAGE: &str = "bench";
/// The time for which one of its programs may run.
const PATIENCE: Duration = Duration::from_secs(120);

/// The measured cost of the operations, by name.
type Results = BTreeMap<String, u32>;
/// The same costs, and the kernel's size.
pub type Figures = BTreeMap<String, u32>;

/// Measures, and prints the figures as a table or as JSON.
///
/// # Errors
/// If something can't be measured, or `check` is set and a limit missed.
pub fn run(board: Board, as_json: bool, check: bool) -> Result<()> {
    match board {
        Board::Hosted => hosted::run(as_json, check),
        Board::Emulated(row) => {
            if let Some(why) = row.without.get(BENCHMARK) {
                bail!("there are no figures of {}: {why}", row.name);
            }
            setup::target()?;
            setup::emulator_for_tests()?;
            let measured = emulated::measure(board)?;
            if as_json {
                emulated::print_json(board, &measured);
            } else {
                table::print(&measured);
            }
            if check { measured.check() } else { Ok(()) }
        }
    }
}

/// Returns the figures of the lines `result <name> <figure> ...`.
fn parse(output: &str) -> Results {
    let result =
        |words: Vec<&str>| Some(((*words.first()?).to_owned(), words.get(1)?.parse().ok()?));
    words(output).filter_map(result).collect()
}

/// Returns the words after `result` of each line that begins with it.
fn words(output: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = output.lines().filter_map(|line| line.trim().strip_prefix("result "));
    lines.map(|line| line.split_whitespace().collect())
}

/// Checks that all of these were measured.
fn expect_all<'a>(results: &Results, mut names: impl Iterator<Item = &'a str>) -> Result<()> {
    let missing = names.find(|&name| !results.contains_key(name));
    ensure!(missing.is_none(), "{} was not measured", missing.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_among_other_lines() {
        let results = parse("[ 0.1] hello\r\nresult rpc_null_4_words 154\r\nresult x y\r\n");
        assert_eq!(results, Results::from([("rpc_null_4_words".to_owned(), 154)]));
    }

    #[test]
    fn what_was_not_measured_is_named() {
        let results = parse("result pipe 7");
        assert!(expect_all(&results, ["pipe"].into_iter()).is_ok());
        let error = expect_all(&results, ["pipe", "futex"].into_iter()).unwrap_err();
        assert_eq!(error.to_string(), "futex was not measured");
    }
}
