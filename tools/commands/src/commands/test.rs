// SPDX-License-Identifier: MIT OR Apache-2.0
//! All tests, and a summary. The tests on this machine run at the same time as the tests on boards.

use super::bench;
use super::worst::{self, Measurement};
use crate::workspace::{Firmware, Profile};
use crate::{
    command, debugger, float_instructions, keys, panics, parallel, progress, setup, system_tests,
    workspace,
};
use anyhow::{Context, Result, anyhow};
use std::iter;
use std::process::Command;
use std::time::{Duration, Instant};
use system_tests_harness::{frames, transcript};
use workbench::board::{self, Board, Row};
use workbench::emulator;

/// The packages with unsafe code that Miri can run. The kernel and `crossgate-protection` forbid unsafe code, so Miri
/// would find nothing there that `cargo test` does not find in a hundredth of the time.
const MIRI_PACKAGES: [&str; 3] = ["crossgate-abi", "crossgate-cortex-m", "crossgate"];
/// The tests that Miri leaves out: these functions run in the compiler, in Miri's own interpreter.
const NOT_FOR_MIRI: &str = "wiring::";
/// Flags for Miri: tests read the clock, addresses are numbers for the kernel, and a wiring is leaked to be static.
const MIRI_FLAGS: &str =
    "-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-ignore-leaks";
/// The number of lines of a failure that the summary repeats.
const LINES_OF_FAILURE: usize = 40;

/// The numbers of tests that passed and that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// The result of one step.
struct Step {
    name: String,
    count: Count,
    skipped: Option<String>,
    /// The reason.
    failure: Option<String>,
    time: Duration,
}

/// A step that can run at the same time as others.
struct Job<'a> {
    name: String,
    work: Box<dyn FnOnce() -> Result<()> + Send + 'a>,
}

impl<'a> Job<'a> {
    fn new(name: String, work: impl FnOnce() -> Result<()> + Send + 'a) -> Job<'a> {
        Job { name, work: Box::new(work) }
    }
}

impl Step {
    fn of(name: &str, work: impl FnOnce() -> (Option<Count>, Result<()>)) -> Step {
        let start = Instant::now();
        let mut count = None;
        let result = progress::step(name, || {
            let (tests, result) = work();
            count = tests;
            result
        });
        let mut count = count.unwrap_or(Count { passed: result.is_ok().into(), failed: 0 });
        let failure = result.err().map(|error| format!("{error:#}"));
        if let Some(failure) = &failure {
            eprintln!("\n{failure}\n");
            count.failed = count.failed.max(1);
        }
        Step { name: name.into(), count, skipped: None, failure, time: start.elapsed() }
    }
}

/// The steps so far.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Runs a step that is one test.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        self.counted(name, || (None, work()));
    }

    /// Runs a command. If the command runs tests, counts them from its output.
    fn command(&mut self, name: &str, command: &mut Command) {
        self.counted(name, || match command::output(command) {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                let result = command::check(command, &output);
                let named = |error| anyhow!("{error:#}\n{}", failed_tests(&text));
                (Count::of_tests(&text), result.map_err(named))
            }
            Err(error) => (None, Err(error)),
        });
    }

    fn counted(&mut self, name: &str, work: impl FnOnce() -> (Option<Count>, Result<()>)) {
        self.steps.push(Step::of(name, work));
    }

    /// Runs several steps at the same time. Each step is one test, and its result must not depend on the load of this
    /// machine.
    fn at_once(&mut self, jobs: Vec<Job>) {
        let steps = parallel::map(jobs, |Job { name, work }| Step::of(&name, || (None, work())));
        self.steps.extend(steps);
    }

    /// Records a step that is not run.
    pub fn skip(&mut self, name: &str, why: &str) {
        eprintln!("{name}: skipped: {why}");
        let count = Count { passed: 0, failed: 0 };
        let skipped = Some(why.into());
        let time = Duration::ZERO;
        self.steps.push(Step { name: name.into(), count, skipped, failure: None, time });
    }

    /// Prints a line for each step, the end of the output of each failed step, and the sum. Returns `true` if all steps
    /// passed.
    pub fn print(&self) -> bool {
        println!();
        let mut sum = Count { passed: 0, failed: 0 };
        for Step { name, count: Count { passed, failed }, skipped, time, .. } in &self.steps {
            let result = match (skipped, failed) {
                (Some(why), _) => format!("skipped: {why}"),
                (None, 0) => format!("ok      {passed} passed"),
                (None, _) => format!("FAILED  {passed} passed, {failed} failed"),
            };
            println!("{name:<44} {:>6.1} s  {result}", time.as_secs_f32());
            sum = Count { passed: sum.passed + passed, failed: sum.failed + failed };
        }
        for Step { name, failure, .. } in &self.steps {
            if let Some(failure) = failure {
                println!("\n{name}:\n{}", end_of(failure));
            }
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        sum.failed == 0
    }
}

/// Returns the lines of the output of `cargo test` that name tests that failed.
fn failed_tests(output: &str) -> String {
    let lines =
        output.lines().filter(|line| line.ends_with(" FAILED") || line.starts_with("FAILED "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the last lines of a text.
fn end_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_OF_FAILURE)..].join("\n")
}

impl Count {
    /// Returns the sum of the results that `cargo test` reports for each of its programs; `None` if it reports none.
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

/// Installs what the tests need, and runs every test. Returns `true` if all tests passed.
///
/// # Errors
/// If something is missing that the tests need.
pub fn run() -> Result<bool> {
    setup::target()?;
    setup::source_tools()?;
    setup::emulator_for_tests()?;
    setup::c_compiler()?;
    setup::debugger()?;
    // Both halves run at the same time. Each half sometimes leaves processors idle (a build waits for one crate, or
    // cargo runs only one test program), and the other half can use these processors.
    let halves: [&(dyn Fn(&mut Report) + Sync); 2] = [&on_this_machine, &on_boards];
    let reports = parallel::map(halves.to_vec(), |half| {
        let mut report = Report::default();
        half(&mut report);
        report
    });
    let steps = reports.into_iter().flat_map(|report| report.steps).collect();
    let mut report = Report { steps };
    let names = daily_boards().map(|row| row.name.as_str());
    for board in iter::once("hosted").chain(names) {
        demos(&mut report, board);
    }
    Ok(report.print())
}

/// Builds and runs all system tests and examples on one board, and plays the thermostat's day there. Returns `true` if
/// all of them passed.
///
/// # Errors
/// If something is missing that the tests need, or the board is this machine.
pub fn run_on(board: Board) -> Result<bool> {
    let row = board.row().context("`cargo test --workspace` runs the hosted tests")?;
    setup::target_of(row)?;
    setup::emulator_for_tests()?;
    setup::c_compiler()?;
    let mut report = Report::default();
    system_tests_on(&mut report, row, Profile::Release);
    examples(&mut report, row);
    demos(&mut report, &row.name);
    Ok(report.print())
}

/// Builds and runs all system tests on a board.
pub fn system_tests_on(report: &mut Report, row: &'static Row, profile: Profile) {
    let kind = format!("system tests, {}, {}", profile.name(), row.name);
    let board = Board::Microcontroller(row);
    let tests = built(report, &kind, || system_tests::build(board, profile));
    let jobs = tests.iter().map(|test| {
        Job::new(format!("{kind}: {}", test.name), || system_tests::run(test, profile))
    });
    report.at_once(jobs.collect());
}

/// Returns the boards of microcontrollers for which the daily run has time.
fn daily_boards() -> impl Iterator<Item = &'static Row> {
    board::emulated().filter(|row| row.nightly.is_none())
}

/// Returns a command that lints, for a board, the packages that are also built for microcontrollers.
///
/// # Errors
/// If a manifest is wrong.
pub fn clippy(board: Board) -> Result<Command> {
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--release"]).args(board.arguments());
    for package in workspace::board_packages(board)? {
        clippy.args(["--package", &package]);
    }
    clippy.args(["--", "-D", "warnings"]);
    Ok(clippy)
}

/// Returns a command that makes the documentation.
pub fn documentation() -> Command {
    let mut cargo = workspace::cargo();
    cargo.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--no-deps", "--workspace"]);
    cargo
}

/// Runs steps that need no board. The tests come before the lints, because some of them wait for most of their time, and
/// the other half can use the processors then.
fn on_this_machine(report: &mut Report) {
    report.command("format", workspace::cargo().args(["fmt", "--all", "--check"]));
    let mut test = workspace::cargo();
    // With this variable, tests that need the board's target or a C compiler are not skipped.
    test.env("CROSSGATE_ALL_TESTS", "1").args(["test", "--workspace", "--no-fail-fast"]);
    report.command("tests on this machine", &mut test);
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    report.command("clippy", workspace::cargo().args(clippy));
    for package in ["thermostat-tools", "thermostat"] {
        let name = format!("building {package}, hosted");
        report.command(&name, workspace::cargo().args(["build", "--package", package]));
    }
}

/// Shows the thermostat's day on a board, as fast as possible. A demo waits only some seconds for its firmware. Cargo
/// starts the firmware, so no other cargo may lock a folder at the same time.
pub fn demos(report: &mut Report, board: &str) {
    for (how, options) in [("", &[][..]), (", with a fault", &["--fault"])] {
        let mut demo = workspace::cargo();
        demo.args(["run", "--package", "thermostat-tools", "--", "demo", "--plain"]);
        demo.args(["--seconds", "0", "--board", board]).args(options);
        report.command(&format!("thermostat, {board}{how}"), &mut demo);
    }
}

fn miri(report: &mut Report) {
    let name = "Miri";
    // Some variables are removed from the environment, because they would prevent rustup from choosing another
    // toolchain.
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
    miri.env("MIRIFLAGS", MIRI_FLAGS).args(["test", "--lib"]);
    for package in MIRI_PACKAGES {
        miri.args(["--package", package]);
    }
    // Miri takes minutes for the backtraces of tests that expect a panic.
    miri.env("RUST_BACKTRACE", "0").args(["--", "--skip", NOT_FOR_MIRI]);
    report.command(name, &mut miri);
}

/// Runs the steps for boards, and then the other steps that need none, so that both halves take about as long. The
/// emulator has its own time, so the load of this machine does not matter.
///
/// The dev profile comes last, because the tests on this machine are built in the same folder, and cargo locks this
/// folder.
fn on_boards(report: &mut Report) {
    let name = "clippy for the boards";
    match clippy(Board::reference()) {
        Ok(mut clippy) => report.command(name, &mut clippy),
        Err(error) => report.step(name, || Err(error)),
    }
    let mut measurement = None;
    report.step("building the emulator's plugin", || {
        measurement = Some(Measurement::new(Board::reference())?);
        Ok(())
    });
    let Some(measurement) = &measurement else { return };
    let release = in_release(report, measurement);
    report.step("interrupts held off within the limits", || measurement.check());
    report.step("no way from the kernel to a panic", || {
        panics::check(&workspace::build_one("thermostat", Board::reference())?)?;
        // All tests are checked, because a firmware contains only the parts of the kernel that it needs. All tests
        // together contain all parts.
        release.iter().try_for_each(|test| panics::check(&test.file))
    });
    report.step("benchmarks within their limits", bench::check);
    for row in board::emulated() {
        if let Some(why) = &row.nightly {
            on_nightly_board(report, row, why);
            continue;
        }
        examples(report, row);
        built(report, &format!("thermostat, {}", row.name), || {
            workspace::build("thermostat", Board::Microcontroller(row), Profile::Release)
        });
    }
    with_keys_and_in_gdb(report);
    miri(report);
    // This makes only the documentation of libraries. The documentation of programs takes four times as long and is
    // rarely read, so only `soak` makes it. (There are no examples. But if they are selected, cargo gives the dependencies
    // the same features as for the tests, and need not compile them again.)
    report.command("documentation", documentation().args(["--lib", "--examples"]));
}

/// Runs the daily steps of a board whose other steps run only at night.
fn on_nightly_board(report: &mut Report, row: &'static Row, why: &str) {
    if !row.daily.is_empty() {
        daily_tests(report, row);
    }
    report
        .skip(&format!("all else on {}", row.name), &format!("{why}; `cargo xtask soak` runs it"));
}

/// Runs those tests and benchmarks of such a board that run each day, and checks the kernel in them.
fn daily_tests(report: &mut Report, row: &'static Row) {
    let kind = format!("system tests, release, {}", row.name);
    let tests = built(report, &kind, || system_tests::build_daily(row));
    let jobs = tests.iter().map(|test| {
        if bench::is_benchmark(&test.name) {
            let name = format!("benchmark within its limits, {}: {}", row.name, test.name);
            return Job::new(name, || bench::check_one(test));
        }
        let run = || system_tests::run(test, Profile::Release);
        Job::new(format!("{kind}: {}", test.name), run)
    });
    report.at_once(jobs.collect());
    if row.is_riscv() {
        report.step(&format!("no way from the kernel to a panic, {}", row.name), || {
            tests.iter().try_for_each(|test| panics::check(&test.file))
        });
    } else {
        report.step(&format!("no float in the kernel, {}", row.name), || {
            tests.iter().try_for_each(|test| float_instructions::check(&test.file))
        });
    }
}

/// Runs the system tests of the reference board in the release profile, and measures how long they hold off interrupts.
/// Returns these tests.
fn in_release(report: &mut Report, measurement: &Measurement) -> Vec<Firmware> {
    let release = built(report, "system tests, release", || {
        system_tests::build(Board::reference(), Profile::Release)
    });
    let cases = built(report, "worst cases", || worst::cases(Board::reference()));
    let mut jobs = Vec::new();
    for (kind, firmware) in [("system tests, release", &release), ("worst cases", &cases)] {
        let name = |it: &Firmware| format!("{kind}: {}", it.name);
        jobs.extend(firmware.iter().map(|it| Job::new(name(it), || measurement.run(it))));
    }
    for test in release.iter().filter(|test| test.name == "frames") {
        let mut program = emulator::run_command(&test.file, &[]);
        let decoded = move || frames::check(&test.file, &mut program);
        jobs.push(Job::new("frames of a board are decoded".to_owned(), decoded));
    }
    report.at_once(jobs);
    release
}

/// Runs the system tests as programs of Linux with protection keys, and a firmware of the dev profile in gdb.
fn with_keys_and_in_gdb(report: &mut Report) {
    let firmware = built(report, "firmware for gdb", || {
        let packages = [system_tests::FOR_EVERY_BOARD];
        let names = [debugger::FIRMWARE];
        workspace::build_programs(&packages, &names, Board::reference(), Profile::Dev)
    });
    let mut jobs = with_keys(report);
    for test in &firmware {
        jobs.push(Job::new("gdb stops in each copy".to_owned(), || debugger::check(test)));
    }
    report.at_once(jobs);
}

/// Runs the examples on a board.
pub fn examples(report: &mut Report, row: &'static Row) {
    let kind = format!("examples, {}", row.name);
    let board = Board::Microcontroller(row);
    let examples = built(report, &kind, || workspace::build("steps", board, Profile::Release));
    let jobs = examples.iter().map(|example| {
        let mut program = emulator::run_command(&example.file, &[]);
        let run = move || transcript::check(&example.source, &mut program);
        Job::new(format!("{kind}: {}", example.name), run)
    });
    report.at_once(jobs.collect());
}

/// Builds firmware.
fn built(
    report: &mut Report,
    name: &str,
    build: impl FnOnce() -> Result<Vec<Firmware>>,
) -> Vec<Firmware> {
    let mut all = Vec::new();
    report.step(&format!("building the {name}"), || {
        all = build()?;
        Ok(())
    });
    all
}

/// If this CPU has no protection keys, returns jobs that run the hosted system tests on an emulated CPU with protection
/// keys.
fn with_keys(report: &mut Report) -> Vec<Job<'static>> {
    let mut jobs = Vec::new();
    if system_tests_harness::cpu_has_keys() {
        return jobs;
    }
    // The emulated CPU has no exceptions of SSE, checks no alignment, and makes no far returns to memory with a key.
    const NOT_EMULATED: [&str; 4] = ["flags", "wild_stacks", "strict_stack", "instructions"];
    for (package, without) in
        [("system-tests", &keys::NIGHTLY[..]), ("system-tests-hosted", &NOT_EMULATED)]
    {
        let name = format!("{package}, hosted, with protection keys");
        match setup::linux_with_keys() {
            Ok(linux) => jobs.push(Job::new(name, move || {
                let skipped = without.iter().map(|test| format!("--skip=keys::{test}"));
                let tests: Vec<_> = iter::once("keys::".to_owned()).chain(skipped).collect();
                let tests: Vec<_> = tests.iter().map(String::as_str).collect();
                keys::check(&linux, package, &tests)
            })),
            Err(why) => report.skip(&name, &format!("{why:#}")),
        }
    }
    jobs
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
        let output = "test one ... ok\ntest two ... FAILED\nFAILED two.rs:3: no\n";
        assert_eq!(failed_tests(output), "test two ... FAILED\nFAILED two.rs:3: no");
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
