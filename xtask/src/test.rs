//! All tests, one after the other, and a summary.

use crate::board::Board;
use crate::workspace::{Firmware, Profile};
use crate::worst::{self, Measurement};
use crate::{bench, command, demo, keys, panics, progress, setup, system_tests, workspace};
use anyhow::{Result, ensure};
use std::process::Command;
use std::time::{Duration, Instant};

/// What Miri can run: pure code, and the user library's host side.
const MIRI_PACKAGES: [&str; 4] =
    ["crossgate-abi", "crossgate-kernel", "crossgate-cortex-m", "crossgate"];
/// Tests read the clock, addresses are numbers for the kernel, and a wiring is leaked to be static.
const MIRI_FLAGS: &str =
    "-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-ignore-leaks";

/// Tests that passed and that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// How one step ended.
struct Step {
    name: String,
    count: Count,
    skipped: Option<String>,
    time: Duration,
}

/// The steps so far.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Does a step that is one test.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        self.counted(name, || (None, work()));
    }

    /// Runs a command. If it runs tests, they are counted by its output.
    fn command(&mut self, name: &str, command: &mut Command) {
        self.counted(name, || match command::output(command) {
            Ok(output) => {
                let count = Count::of_tests(&String::from_utf8_lossy(&output.stdout));
                (count, command::check(command, &output))
            }
            Err(error) => (None, Err(error)),
        });
    }

    fn counted(&mut self, name: &str, work: impl FnOnce() -> (Option<Count>, Result<()>)) {
        let start = Instant::now();
        let mut count = None;
        let result = progress::step(name, || {
            let (tests, result) = work();
            count = tests;
            result
        });
        let mut count = count.unwrap_or(Count { passed: result.is_ok().into(), failed: 0 });
        if let Err(error) = result {
            eprintln!("\n{error:#}\n");
            count.failed = count.failed.max(1);
        }
        self.steps.push(Step { name: name.into(), count, skipped: None, time: start.elapsed() });
    }

    /// Notes a step that is not done.
    pub fn skip(&mut self, name: &str, why: &str) {
        eprintln!("{name}: skipped: {why}");
        let count = Count { passed: 0, failed: 0 };
        let skipped = Some(why.into());
        self.steps.push(Step { name: name.into(), count, skipped, time: Duration::ZERO });
    }

    /// Prints a line for each step and the sum. Tells whether all passed.
    pub fn print(&self) -> bool {
        println!();
        let mut sum = Count { passed: 0, failed: 0 };
        for Step { name, count: Count { passed, failed }, skipped, time } in &self.steps {
            let result = match (skipped, failed) {
                (Some(why), _) => format!("skipped: {why}"),
                (None, 0) => format!("ok      {passed} passed"),
                (None, _) => format!("FAILED  {passed} passed, {failed} failed"),
            };
            println!("{name:<44} {:>6.1} s  {result}", time.as_secs_f32());
            sum = Count { passed: sum.passed + passed, failed: sum.failed + failed };
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        sum.failed == 0
    }
}

impl Count {
    /// Adds up what `cargo test` says of each of its programs; `None` if it says nothing.
    fn of_tests(output: &str) -> Option<Count> {
        let number = |text: &str, unit| text.strip_suffix(unit)?.rsplit(' ').next()?.parse().ok();
        let count = |line: &str| {
            let mut parts = line.strip_prefix("test result: ")?.split("; ");
            let passed = number(parts.next()?, " passed")?;
            Some(Count { passed, failed: number(parts.next()?, " failed")? })
        };
        output.lines().filter_map(count).reduce(|one, other| Count {
            passed: one.passed + other.passed,
            failed: one.failed + other.failed,
        })
    }
}

/// Sets everything up and runs every test. Tells whether all passed.
///
/// # Errors
/// If something is missing that the tests need.
pub fn run() -> Result<bool> {
    setup::target()?;
    setup::source_tools()?;
    setup::emulator_for_tests()?;
    let mut report = Report::default();
    source(&mut report)?;
    on_this_machine(&mut report);
    miri(&mut report);
    with_keys(&mut report);
    on_the_board(&mut report);
    Ok(report.print())
}

fn source(report: &mut Report) -> Result<()> {
    report.command("format", workspace::cargo().args(["fmt", "--all", "--check"]));
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    report.command("clippy", workspace::cargo().args(clippy));
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--release", "--target", setup::TARGET]);
    for package in workspace::board_packages()? {
        clippy.args(["--package", &package]);
    }
    report.command("clippy for the board", clippy.args(["--", "-D", "warnings"]));
    let mut doc = workspace::cargo();
    doc.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--no-deps", "--workspace"]);
    report.command("documentation", &mut doc);
    Ok(())
}

fn on_this_machine(report: &mut Report) {
    let mut test = workspace::cargo();
    // What needs the board's target, or a C compiler, is not left out.
    test.env("CROSSGATE_ALL_TESTS", "1").args(["test", "--workspace", "--no-fail-fast"]);
    report.command("tests on this machine", &mut test);
    for (name, fault) in [("thermostat, hosted", false), ("thermostat, hosted, with a fault", true)]
    {
        report.step(name, || demo::test(Board::Hosted, fault));
    }
    report.step("benchmarks, hosted", bench::check_hosted);
}

/// The hosted system tests on a CPU with protection keys, if this one has none.
fn with_keys(report: &mut Report) {
    if system_tests_harness::cpu_has_keys() {
        return;
    }
    // The emulated CPU has no exceptions of SSE, checks no alignment, and makes no far returns to memory with a
    // key.
    let for_linux = ["keys::", "--skip=flags", "--skip=wild_stacks", "--skip=instructions"];
    for (package, tests) in [("system-tests", &["keys::"][..]), ("system-tests-hosted", &for_linux)]
    {
        let name = format!("{package}, hosted, with protection keys");
        match setup::linux_with_keys() {
            Ok(linux) => report.step(&name, || {
                let finished = keys::run(&linux, &mut workspace::cargo(), package, tests)?;
                ensure!(finished.success, "{}", finished.output);
                let has_run = !finished.output.contains(" 0 passed");
                ensure!(has_run, "no test was run:\n{}", finished.output);
                Ok(())
            }),
            Err(why) => report.skip(&name, &format!("{why:#}")),
        }
    }
}

fn miri(report: &mut Report) {
    let name = "Miri";
    // The environment of this very cargo would keep rustup from choosing another toolchain.
    let cargo = || {
        let mut cargo = Command::new("rustup");
        cargo.current_dir(workspace::root()).env_remove("RUSTUP_TOOLCHAIN");
        cargo.args(["run", "nightly", "cargo", "miri"]);
        cargo
    };
    if !command::succeeds(cargo().arg("setup")) {
        let how = "rustup toolchain install nightly --component miri,rust-src";
        return report.skip(name, &format!("not installed ({how})"));
    }
    let mut miri = cargo();
    miri.env("MIRIFLAGS", MIRI_FLAGS).env("PROPTEST_CASES", "8").args(["test", "--lib"]);
    for package in MIRI_PACKAGES {
        miri.args(["--package", package]);
    }
    report.command(name, &mut miri);
}

fn on_the_board(report: &mut Report) {
    // Overflows are checked in the dev profile: no process may bring them about in the kernel.
    let dev = Profile::Dev;
    on_the_board_each(
        report,
        "system tests, dev",
        || system_tests::build(dev),
        |test| system_tests::run(test, dev),
    );
    let tests = held_off(report);
    for (name, fault) in [("thermostat", false), ("thermostat with a fault", true)] {
        report.step(name, || demo::test(Board::Mps2An385, fault));
    }
    report.step("no way from the kernel to a panic", || {
        panics::check(&workspace::build_one("thermostat", Board::Mps2An385)?)?;
        // Parts of the kernel are only in firmware that needs them, as these need all.
        tests.iter().try_for_each(|test| panics::check(&test.file))
    });
    report.step("benchmarks within their limits", bench::check);
}

/// Runs the system tests as they ship, and looks meanwhile for how long they hold off interrupts.
fn held_off(report: &mut Report) -> Vec<Firmware> {
    let mut measurement = None;
    report.step("building the emulator's plugin", || {
        measurement = Some(Measurement::new()?);
        Ok(())
    });
    let Some(measurement) = &mut measurement else { return Vec::new() };
    let release = || system_tests::build(Profile::Release);
    let tests =
        on_the_board_each(report, "system tests, release", release, |test| measurement.run(test));
    on_the_board_each(report, "worst cases", worst::cases, |case| measurement.run(case));
    report.step("interrupts held off within the limits", || measurement.check());
    tests
}

/// Builds firmware and runs each.
fn on_the_board_each(
    report: &mut Report,
    name: &str,
    build: impl FnOnce() -> Result<Vec<Firmware>>,
    mut run: impl FnMut(&Firmware) -> Result<()>,
) -> Vec<Firmware> {
    let mut all = Vec::new();
    report.step(&format!("building the {name}"), || {
        all = build()?;
        Ok(())
    });
    for firmware in &all {
        report.step(&format!("{name}: {}", firmware.name), || run(firmware));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_all_programs_are_counted() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
            test result: FAILED. 11 passed; 3 failed; 0 ignored\n";
        assert_eq!(Count::of_tests(output), Some(Count { passed: 13, failed: 3 }));
        assert_eq!(Count::of_tests("Finished"), None);
    }

    #[test]
    fn a_step_that_fails_does_not_stop_the_others() {
        let mut report = Report::default();
        report.step("one", || anyhow::bail!("no"));
        report.step("two", || Ok(()));
        report.skip("three", "not installed");
        let echo = "echo 'test result: FAILED. 7 passed; 2 failed; 0 ignored'; exit 1";
        report.command("four", Command::new("sh").args(["-c", echo]));
        let counts: Vec<_> =
            report.steps.iter().map(|step| (step.count.passed, step.count.failed)).collect();
        assert_eq!(counts, [(0, 1), (1, 0), (0, 0), (7, 2)]);
        assert!(!report.print());
    }
}
