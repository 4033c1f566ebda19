// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tests that take long.

use super::test::{Report, clippy, demos, documentation, examples, system_tests_on};
use super::{bench, worst};
use crate::workspace::Profile;
use crate::{
    aarch64, float_instructions, hal, image, keys, mutants, mutations, panics, publishing,
    reproducible, setup, system_tests, tls, workspace,
};
use anyhow::{Context, Result, ensure};
use std::process::Command;
use workbench::board::{self, BENCHMARK, Board, Row};

/// The number of seconds for the search through interleavings in scenes that are too large for the daily run.
const INTERLEAVINGS: u64 = 180;

/// Runs these tests. `minutes` is the time for random system calls. Returns `true` if all tests passed.
///
/// # Errors
/// If the mutations can't be replayed. Failures are in the summary.
pub fn run(minutes: u64) -> Result<bool> {
    let mut report = Report::default();
    report.step("every interleaving", || {
        told(test(&["--lib", "every_interleaving", "--"], INTERLEAVINGS))
    });
    report.step("random system calls", || {
        told(test(&["--lib", "for_long", "--", "--ignored"], 60 * minutes))
    });
    report.step("benchmarks, hosted", bench::check_hosted);
    report.step("the clock beside a timer", || {
        setup::all()?;
        told(drift())
    });
    report.step("system tests, hosted, under other seeds", || told(seeds()));
    report.step("system tests, hosted, on an emulated aarch64", || {
        setup::aarch64()?;
        told(aarch64::tests())
    });
    for row in board::emulated().filter(|row| can_be_built(row)) {
        let board = Board::Microcontroller(row);
        for profile in [Profile::Dev, Profile::Release] {
            if !system_tests::are_daily(board, profile) {
                system_tests_on(&mut report, row, profile);
            }
        }
    }
    for row in board::emulated().filter(|row| row.nightly.is_some()) {
        match setup::target_of(row) {
            Ok(()) => nightly_board(&mut report, row),
            Err(why) => report.skip(&format!("everything on {}", row.name), &format!("{why:#}")),
        }
    }
    for row in board::built() {
        report.step(&format!("building for {}", row.name), || built_only(row));
    }
    for test in keys::NIGHTLY {
        report.step(&format!("{test}, hosted, with protection keys"), || {
            keys::check(&setup::linux_with_keys()?, "system-tests", &[&format!("keys::{test}")])
        });
    }
    report.step("a thousand crashes of an Ethernet driver", || told(driver_crashes()));
    report.step("fifty thousand crashes", || told(crashes()));
    report.step("a page under load, hosted and on a board", || told(page_under_load()));
    for (board, test) in [("mps2-an385", "equivalence"), ("virt", "riscv_equivalence")] {
        let name = format!("fast paths and the slow one, {board}");
        report.step(&name, || told(equivalence(board, test)?));
    }
    report.step("interrupts held off within the limits, virt", || {
        worst::run(emulated("virt")?, true, "")
    });
    report.step("linking with copies", || told(linking()));
    report.step("a firmware of one's own, on boards", || told(own_firmware()));
    report.step("documentation of programs", || told(documentation()));
    report.step("the same image in another folder", reproducible::check);
    report.step("the size of a client of TLS", tls::check);
    report.step("drivers of stm32f4xx-hal in processes", hal::check);
    publishing::check(&mut report);
    report.step("calls between two cores", || told(two_cores()));
    report.step("calls between the cores of a pico-2, building", pico_2_pair);
    mutations::replay(&mut report, "")?;
    Ok(report.print())
}

/// Returns whether firmware can be compiled for a board. Only boards on which nothing runs each day may lack their target.
fn can_be_built(row: &Row) -> bool {
    row.is_daily() || setup::target_of(row).is_ok()
}

/// Runs the other steps of a board for which the daily run has no time.
fn nightly_board(report: &mut Report, row: &'static Row) {
    let board = Board::Microcontroller(row);
    report.step(&format!("clippy for {}", row.name), || told(clippy(board)?));
    examples(report, row);
    demos(report, &row.name);
    report.step(&format!("no panic and no float in the kernel, {}", row.name), || {
        let thermostat = workspace::build_one("thermostat", board)?;
        panics::check(&thermostat)?;
        // (The RISC-V core has no floating-point unit.)
        if row.is_riscv() { Ok(()) } else { float_instructions::check(&thermostat) }
    });
    if !row.without.contains_key(BENCHMARK) {
        report.step(&format!("benchmarks within their limits, {}", row.name), || {
            bench::check_on(board)
        });
    }
}

/// Builds firmware for a board that no emulator has, and checks the images.
fn built_only(row: &'static Row) -> Result<()> {
    let board = Board::Microcontroller(row);
    told(clippy(board)?)?;
    let chip = row.chip.as_ref().with_context(|| format!("{} has no chip in its row", row.name))?;
    for firmware in ["blink", "thermostat"] {
        image::check(&workspace::build_one(firmware, board)?, chip)?;
    }
    Ok(())
}

/// Returns a command for the hosted system tests with eight times as many seeds as in the daily run.
fn seeds() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--package", "system-tests", "--package", "system-tests-hosted"]);
    cargo.args(["--no-fail-fast", "--test", "hosted", "--", "seeds::"]);
    cargo.env("CROSSGATE_SEEDS", "64");
    cargo
}

/// Returns the board with this name that an emulator has.
fn emulated(name: &str) -> Result<Board> {
    let row = board::emulated().find(|row| row.name == name).context("no such board")?;
    Ok(Board::Microcontroller(row))
}

/// Returns a command for a system test, built with a variable that makes it larger than in the daily run.
fn larger(
    package: &str,
    board: Board,
    test: &str,
    (variable, value): (&str, &str),
    options: &[&str],
) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--release", "--package", package]);
    cargo.args(board.arguments()).args(["--bin", test, "--"]).args(options);
    cargo.env(variable, value);
    cargo
}

/// Returns a command for a test that compares fast paths and the slow one, with twenty times as many states.
fn equivalence(board: &str, test: &str) -> Result<Command> {
    let board = emulated(board)?;
    let package = system_tests::package(board);
    Ok(larger(package, board, test, ("CROSSGATE_EQUIVALENCE", "20"), &[]))
}

/// Returns a command for a larger system test on the reference board, on which an instruction takes 2^`shift` ns.
fn larger_on_reference(test: &str, variable: (&str, &str), shift: u8) -> Command {
    let options = ["-icount", &format!("shift={shift},sleep=off")];
    larger(system_tests::FOR_EVERY_BOARD, Board::reference(), test, variable, &options)
}

/// Returns a command for the test `drift` for ten minutes of the board's time.
fn drift() -> Command {
    larger_on_reference("drift", ("CROSSGATE_DRIFT_SECONDS", "600"), 7)
}

/// Returns a command for the test `crash_cycles` with five times as many crashes as in the daily run.
fn crashes() -> Command {
    larger_on_reference("crash_cycles", ("CROSSGATE_CRASHES", "50000"), 0)
}

/// Returns a command for the test `sockets`, in which TCP goes on while its driver is restarted a thousand times.
fn driver_crashes() -> Command {
    larger_on_reference("sockets", ("CROSSGATE_DRIVER_CRASHES", "1000"), 0)
}

/// Returns a command for ten minutes of clients that get the page of the example `web` while processes crash.
fn page_under_load() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--package", "web", "--test", "http", "--", "--nocapture"]);
    cargo.arg("while_processes_crash").env("CROSSGATE_LOAD_SECONDS", "600");
    cargo
}

/// Returns a command for the tests of two cores.
fn two_cores() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--package", "system-tests-two-cores", "--", "--include-ignored"]);
    cargo
}

/// Builds both firmwares of a test with two cores for the pico-2, and checks the images.
fn pico_2_pair() -> Result<()> {
    for (name, program) in [("pico-2-first", "far_calls"), ("pico-2-second", "far_calls_second")] {
        let row = board::built().find(|row| row.name == name).context("no such board")?;
        let chip = row.chip.as_ref().context("no chip")?;
        let board = Board::Microcontroller(row);
        let package = &["system-tests-two-cores"];
        let built = workspace::build_programs(package, &[program], board, Profile::Release)?;
        image::check(&built.first().context("there is no program")?.file, chip)?;
    }
    Ok(())
}

/// Returns a command that makes firmware outside of the workspace, and runs it on boards.
fn own_firmware() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--package", "cargo-crossgate", "--", "--ignored"]);
    cargo
}

/// Returns a command that compares the time to link with and without copies. (It uses an optimised linker, as users
/// do.)
fn linking() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--release", "--package", "crossgate-link", "--test", "firmwares"]);
    cargo.args(["linking_with_copies_takes_little_longer", "--", "--ignored", "--nocapture"]);
    cargo
}

/// Replays only the mutations with this text in their names. Returns `true` if tests have found all of them.
///
/// # Errors
/// If the mutations can't be replayed.
pub fn replay(pattern: &str) -> Result<bool> {
    let mut report = Report::default();
    mutations::replay(&mut report, pattern)?;
    Ok(report.print())
}

/// Tests only this part of the mutants that cargo-mutants makes. Returns `true` if all survivors are allowed.
///
/// # Errors
/// If the mutants can't be made.
pub fn mutants(part: &str) -> Result<bool> {
    let mut report = Report::default();
    mutants::test(&mut report, part)?;
    Ok(report.print())
}

/// Checks only the packages that crates.io gets. Returns `true` if they can be published.
pub fn packages() -> bool {
    let mut report = Report::default();
    publishing::check(&mut report);
    report.print()
}

fn test(arguments: &[&str], seconds: u64) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--package", "crossgate-kernel"]).args(arguments).arg("--nocapture");
    cargo.env("CROSSGATE_SOAK_SECONDS", seconds.to_string());
    cargo
}

/// Runs a program that reports its own progress.
fn told(mut command: Command) -> Result<()> {
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "`{}` failed", crate::command::line(&command));
    Ok(())
}
