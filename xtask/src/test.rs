//! All tests, one after the other, and a summary.

use crate::{bench, command, demo, progress, setup, system_tests, workspace};
use anyhow::Result;
use std::process::Command;
use std::time::{Duration, Instant};

/// What Miri can run: pure code, and the user library's host side.
const MIRI_PACKAGES: [&str; 3] = ["crossgate-abi", "crossgate-kernel", "crossgate"];

/// How one step ended.
struct Step {
    name: String,
    passed: usize,
    failed: usize,
    note: String,
    time: Duration,
}

/// The steps so far.
#[derive(Default)]
struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Does a step; how many tests are in it is counted from the output of `cargo test`, if it is
    /// one.
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<Option<usize>>) {
        let start = Instant::now();
        let (passed, failed) = match progress::step(name, work) {
            Ok(tests) => (tests.unwrap_or(1), 0),
            Err(error) => {
                eprintln!("\n{error:#}\n");
                (0, 1)
            }
        };
        let time = start.elapsed();
        self.steps.push(Step { name: name.into(), passed, failed, note: String::new(), time });
    }

    fn command(&mut self, name: &str, command: &mut Command) {
        self.step(name, || Ok(tests_in(&command::run(command)?.stdout)));
    }

    fn skip(&mut self, name: &str, why: &str) {
        eprintln!("{name}: skipped: {why}");
        let (name, note) = (name.into(), format!("skipped: {why}"));
        self.steps.push(Step { name, passed: 0, failed: 0, note, time: Duration::ZERO });
    }

    /// Prints a line for each step and the sum. Tells whether all passed.
    fn print(&self) -> bool {
        println!();
        for step in &self.steps {
            let result = match (step.failed, &*step.note) {
                (0, "") => format!("ok      {:4} passed", step.passed),
                (0, note) => note.to_owned(),
                _ => "FAILED".to_owned(),
            };
            println!("{:<44} {:>6.1} s  {result}", step.name, step.time.as_secs_f32());
        }
        let sum = |count: fn(&Step) -> usize| self.steps.iter().map(count).sum::<usize>();
        let failed = sum(|step| step.failed);
        println!("\n{} passed, {failed} failed", sum(|step| step.passed));
        failed == 0
    }
}

/// Sets everything up and runs every test. Tells whether all passed.
///
/// # Errors
/// If something is missing that the tests need.
pub fn run() -> Result<bool> {
    setup::target()?;
    setup::emulator_for_tests()?;
    let firmware = workspace::firmware_packages()?;
    let mut report = Report::default();
    source(&mut report, &firmware);
    host(&mut report, &firmware);
    miri(&mut report);
    on_the_board(&mut report);
    Ok(report.print())
}

fn source(report: &mut Report, firmware: &[String]) {
    report.command("format", workspace::cargo().args(["fmt", "--all", "--check"]));
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--workspace", "--all-targets"]);
    exclude(&mut clippy, firmware);
    report.command("clippy", clippy.args(["--", "-D", "warnings"]));
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--release", "--target", setup::TARGET]);
    for package in firmware {
        clippy.args(["--package", package]);
    }
    report.command("clippy for the board", clippy.args(["--", "-D", "warnings"]));
    let mut doc = workspace::cargo();
    doc.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--no-deps", "--workspace"]);
    exclude(&mut doc, firmware);
    report.command("documentation", &mut doc);
}

fn host(report: &mut Report, firmware: &[String]) {
    let mut test = workspace::cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]);
    exclude(&mut test, firmware);
    report.command("tests on this machine", &mut test);
}

fn exclude(cargo: &mut Command, firmware: &[String]) {
    for package in firmware {
        cargo.args(["--exclude", package]);
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
    miri.env("MIRIFLAGS", "-Zmiri-disable-isolation -Zmiri-permissive-provenance");
    miri.env("PROPTEST_CASES", "8").args(["test", "--lib"]);
    for package in MIRI_PACKAGES {
        miri.args(["--package", package]);
    }
    report.command(name, &mut miri);
}

fn on_the_board(report: &mut Report) {
    let mut tests = Vec::new();
    report.step("building the system tests", || {
        tests = system_tests::build()?;
        Ok(None)
    });
    for test in &tests {
        let name = format!("system test {}", test.name);
        report.step(&name, || system_tests::run(test).map(|()| None));
    }
    for (name, fault) in [("thermostat", false), ("thermostat with a fault", true)] {
        report.step(name, || {
            demo::test(&workspace::build_one("thermostat")?, fault)?;
            Ok(None)
        });
    }
    report.step("benchmarks within their limits", || bench::check().map(|()| None));
}

/// How many tests the output of `cargo test` tells of; `None` if it tells of none.
fn tests_in(output: &[u8]) -> Option<usize> {
    let output = String::from_utf8_lossy(output);
    let passed = |line: &str| {
        let (_, rest) =
            line.strip_prefix("test result: ok. ")?.split_once(" passed").map(|p| (p.1, p.0))?;
        rest.parse::<usize>().ok()
    };
    let counts: Vec<usize> = output.lines().filter_map(passed).collect();
    if counts.is_empty() { None } else { Some(counts.iter().sum()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_all_binaries_are_counted() {
        let output = b"running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
            test result: ok. 11 passed; 0 failed; 0 ignored\n";
        assert_eq!(tests_in(output), Some(13));
        assert_eq!(tests_in(b"Finished"), None);
    }

    #[test]
    fn a_step_that_fails_does_not_stop_the_others() {
        let mut report = Report::default();
        report.step("one", || anyhow::bail!("no"));
        report.step("two", || Ok(Some(3)));
        report.skip("three", "not installed");
        let counts: Vec<_> = report.steps.iter().map(|step| (step.passed, step.failed)).collect();
        assert_eq!(counts, [(0, 1), (3, 0), (0, 0)]);
        assert!(!report.print());
    }
}
