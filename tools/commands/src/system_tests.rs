// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests that are firmware. Each test is a separate program, and passes if the program ends with success.

use crate::commands::bench;
use crate::{command, workspace};
use anyhow::{Result, ensure};
use std::time::Duration;
use system_tests_harness::Flags;
use workbench::board::{Board, Row};
use workbench::emulator;
use workspace::{Firmware, Profile};

/// The package with the tests for every board.
pub const FOR_EVERY_BOARD: &str = "system-tests";

/// Returns the packages with the tests: those for every board, and those for the CPU of this one.
pub fn packages(board: Board) -> [&'static str; 2] {
    [FOR_EVERY_BOARD, package(board)]
}

/// Returns the package with the tests for the CPU of this board.
pub fn package(board: Board) -> &'static str {
    let is_riscv = board.row().is_some_and(Row::is_riscv);
    if is_riscv { "system-tests-riscv" } else { "system-tests-cortex-m" }
}

/// The longest time of a test. (The longest test takes a minute on an idle machine, but other tests run at the same
/// time.)
const PATIENCE: Duration = Duration::from_secs(300);

/// Builds all tests in this profile that the board can run.
///
/// # Errors
/// If they don't build.
pub fn build(board: Board, profile: Profile) -> Result<Vec<Firmware>> {
    build_packages(&packages(board), board, profile)
}

/// Builds all programs of these packages that the board can run, in this profile. (Others may not even link for it.)
///
/// # Errors
/// If they don't build.
pub fn build_packages(packages: &[&str], board: Board, profile: Profile) -> Result<Vec<Firmware>> {
    build_named(packages, board, profile, "")
}

/// Builds those of these programs that have this text in their names.
///
/// # Errors
/// If they don't build, or if there are none.
pub fn build_named(
    packages: &[&str],
    board: Board,
    profile: Profile,
    text: &str,
) -> Result<Vec<Firmware>> {
    let mut names = workspace::programs(packages)?;
    names.retain(|name| runs_on(name, board) && name.contains(text));
    ensure!(!names.is_empty(), "there is no firmware with {text} in its name");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    workspace::build_programs(packages, &names, board, profile)
}

/// Builds the tests and the benchmarks that run each day on a board for which only the nightly run has time. (Building
/// all of them at once takes less time.)
///
/// # Errors
/// If they don't build.
pub fn build_daily(row: &'static Row) -> Result<Vec<Firmware>> {
    let names: Vec<_> = row.daily.iter().map(String::as_str).collect();
    let board = Board::Microcontroller(row);
    let mut packages = packages(board).to_vec();
    if names.iter().any(|name| bench::is_benchmark(name)) {
        packages.push(bench::PACKAGE);
    }
    workspace::build_programs(&packages, &names, board, Profile::Release)
}

fn runs_on(name: &str, board: Board) -> bool {
    board.row().is_none_or(|row| !row.without.contains_key(name))
}

/// Returns whether the daily run includes all tests for this board in this profile. It does for the reference board in
/// the release profile, because the spans are measured there. (The dev profile checks for arithmetic overflows, because no
/// process may be able to cause one in the kernel. Each day, the hosted tests run in it.)
pub fn are_daily(board: Board, profile: Profile) -> bool {
    board == Board::reference() && profile == Profile::Release
}

/// The options for the emulator in one run of a firmware.
pub struct Variant(pub Vec<String>);

/// Returns the runs of a test, according to its [flags](Flags).
///
/// # Errors
/// If its source can't be read.
pub fn variants(test: &Firmware) -> Result<Vec<Variant>> {
    Ok(Flags::read(&test.source)?.emulator.into_iter().map(Variant).collect())
}

/// Runs a test in all its [variants].
///
/// # Errors
/// If the test fails; the text has its output and the commands to repeat it.
pub fn run(test: &Firmware, profile: Profile) -> Result<()> {
    variants(test)?.iter().try_for_each(|variant| run_with(test, profile, variant, &[]))
}

/// Runs a test in one variant, with further options for the emulator.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    test: &Firmware,
    profile: Profile,
    Variant(options): &Variant,
    more: &[String],
) -> Result<()> {
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let all: Vec<_> = options.iter().copied().chain(more.iter().map(String::as_str)).collect();
    let finished = emulator::run(&test.file, &all, PATIENCE)?;
    if finished.success {
        return Flags::read(&test.source)?.check_output(&finished.output);
    }
    anyhow::bail!(
        "{}\n\nTo repeat it:\ncargo build --profile {} {} --bin {}\n{}",
        finished.output.trim_end(),
        profile.name(),
        test.board.arguments().join(" "),
        test.name,
        command::line(&emulator::run_command(&test.file, &options))
    )
}

#[cfg(test)]
mod tests {
    use workbench::board::{BENCHMARK, emulated};
    use workbench::root;

    #[test]
    fn what_a_board_is_without_exists() {
        let manifests = ["tests", "tests/cortex-m", "tests/riscv", "tests/worst", "bench"];
        let read = |path| std::fs::read_to_string(root().join(path).join("Cargo.toml")).unwrap();
        let manifests = manifests.map(read);
        for row in emulated() {
            let without = row.without.keys().filter(|test| *test != BENCHMARK);
            for test in without.chain(&row.daily) {
                let line = format!("name = \"{test}\"");
                let is_there = manifests.iter().any(|it| it.lines().any(|it| it == line));
                assert!(
                    is_there,
                    "boards.toml: {}: there is no test and no benchmark {test}",
                    row.name
                );
            }
        }
    }
}
