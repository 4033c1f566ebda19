// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs system tests as programs of the host, each in a process of its own.
//!
//! A program passes if its exit status is 0, or the status that its [flags](Flags) name. Each program runs in virtual
//! time, in four ways:
//!
//! | trial | meaning |
//! |---|---|
//! | `pages::NAME` | memory is closed by page tables |
//! | `keys::NAME` | memory is closed by protection keys; ignored if the CPU has none |
//! | `blocked::NAME` | Linux' system calls are blocked for user code; only on x86-64 |
//! | `seeds::NAME` | interrupts come at the instructions that a few seeds choose; only on x86-64 |
//!
//! If the environment variable `CROSSGATE_RUNNER` has a command, this command starts each program. So an emulator can
//! run programs for another CPU.

mod flags;
pub mod frames;
pub mod transcript;

use anyhow::{Context, Result, bail, ensure};
pub use flags::Flags;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time for which a program may run.
const PATIENCE: Duration = Duration::from_secs(60);
/// An emulator takes so many times as long.
const EMULATED: u32 = 5;
/// The time between two looks at a program that runs.
const LOOK: Duration = Duration::from_millis(5);
/// The number of seeds with which each program runs, unless [`SEEDS_VARIABLE`] says otherwise.
const SEEDS: u64 = 8;
/// The environment variable with the number of seeds. (Interrupts are rare in a long run, so more seeds let interrupts
/// come at other instructions.)
const SEEDS_VARIABLE: &str = "CROSSGATE_SEEDS";
/// The options of every program.
const OPTIONS: [&str; 6] =
    ["--semihosting", "--time", "virtual", "--serial1", "null", "--serial0=file:/dev/zero"];
/// The environment variable with the command that starts each program: an emulator of another CPU, and its options.
const RUNNER_VARIABLE: &str = "CROSSGATE_RUNNER";
/// True if Linux can block its system calls, and the port can single-step a thread, so that a seed chooses the
/// instructions at which interrupts come.
const BLOCKS_AND_STEPS: bool = cfg!(target_arch = "x86_64");
/// The option that blocks Linux' system calls.
const BLOCKED: &str = "--block-system-calls";

/// Runs the tests of `package`. The sources of their programs are in the folder `sources` and in its folders. The
/// programs are in the same folder as the program `one`.
#[must_use]
pub fn run(package: &'static str, sources: &str, one: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    prepare_linux();
    match trials(package, Path::new(sources), Path::new(one)) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sets up what programs expect of Linux, if this is the first program that Linux starts.
fn prepare_linux() {
    #[cfg(target_os = "linux")]
    if std::process::id() == 1 {
        let result =
            rustix::mount::mount("proc", "/proc", "proc", rustix::mount::MountFlags::empty(), None);
        if let Err(error) = result {
            eprintln!("/proc: {error}");
        }
    }
}

fn trials(package: &'static str, sources: &Path, one: &Path) -> Result<Vec<Trial>> {
    let has_keys = cpu_has_keys();
    let seeds = match std::env::var(SEEDS_VARIABLE) {
        Ok(number) => number.parse().context(SEEDS_VARIABLE)?,
        Err(_) => SEEDS,
    };
    let mut trials = Vec::new();
    for source in programs(sources)? {
        let name = source.file_stem().context("a file without a name")?;
        let name = name.to_string_lossy().into_owned();
        let Flags { options, status, without_seeds, without_blocking, .. } = Flags::read(&source)?;
        let is_blocked = options.iter().any(|option| option == BLOCKED);
        let program = Program { package, file: one.with_file_name(&name), name, options, status };
        let has_program = program.file.exists();
        ensure!(has_program, "{} was not built: run `cargo xtask manifests`", program.name);
        trials.push(program.trial("pages", |program| program.run(&["--protection", "pages"])));
        let keys = program.trial("keys", |program| program.run(&["--protection", "keys"]));
        trials.push(keys.with_ignored_flag(!has_keys));
        if BLOCKS_AND_STEPS && !is_blocked && !without_blocking {
            trials.push(program.trial("blocked", |program| program.run(&[BLOCKED])));
        }
        if BLOCKS_AND_STEPS && !without_seeds {
            trials.push(program.trial("seeds", move |program| {
                (1..=seeds).try_for_each(|seed| program.run(&["--seed", &seed.to_string()]))
            }));
        }
    }
    ensure!(!trials.is_empty(), "there are no tests in {}", sources.display());
    trials.sort_by(|left, right| left.name().cmp(right.name()));
    Ok(trials)
}

/// Returns the sources of programs in a folder, and in its folders.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let is_of = |processor: &&&str| path.ends_with(processor);
        if path.is_dir() {
            // Programs for one CPU are not built for another.
            let processor = ["aarch64", "x86_64"].iter().find(is_of);
            if processor.is_none_or(|&processor| processor == std::env::consts::ARCH) {
                programs.append(&mut self::programs(&path)?);
            }
        } else {
            programs.push(path);
        }
    }
    Ok(programs)
}

/// Returns whether Linux lets programs use protection keys (Intel SDM 3A, 4.6.2).
#[must_use]
pub fn cpu_has_keys() -> bool {
    #[cfg(target_arch = "x86_64")]
    let features = raw_cpuid::CpuId::new().get_extended_feature_info();
    #[cfg(target_arch = "x86_64")]
    return features.is_some_and(|features| features.has_ospke());
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A test.
#[derive(Clone)]
struct Program {
    package: &'static str,
    name: String,
    file: PathBuf,
    /// The options of the test itself.
    options: Vec<String>,
    /// The exit status with which the test passes.
    status: i32,
}

impl Program {
    fn trial(&self, way: &str, run: impl Fn(&Program) -> Result<()> + Send + 'static) -> Trial {
        let program = self.clone();
        Trial::test(format!("{way}::{}", self.name), move || {
            run(&program).map_err(|error| Failed::from(format!("{error:#}")))
        })
    }

    /// Returns the command that starts the program.
    fn command(&self) -> Command {
        let emulator = emulator();
        let mut words = emulator.split_whitespace();
        let Some(program) = words.next() else { return Command::new(&self.file) };
        let mut command = Command::new(program);
        command.args(words).arg(&self.file);
        command
    }

    /// Runs the test once.
    fn run(&self, options: &[&str]) -> Result<()> {
        let output = tempfile::tempfile().context("no temporary file")?;
        let mut command = self.command();
        let own = self.options.iter().map(String::as_str);
        let options: Vec<_> =
            OPTIONS.into_iter().chain(own).chain(options.iter().copied()).collect();
        command.args(&options).stdin(Stdio::null());
        command.stdout(output.try_clone()?).stderr(output.try_clone()?);
        let mut child = command.spawn().context("the program does not start")?;
        let patience = if emulator().is_empty() { PATIENCE } else { EMULATED * PATIENCE };
        let end = match wait(&mut child, patience)? {
            Some(status) if status.code() == Some(self.status) => return Ok(()),
            Some(status) => status.to_string(),
            None => {
                child.kill()?;
                child.wait()?;
                format!("the program did not end within {} s", patience.as_secs())
            }
        };
        let (package, name) = (self.package, &self.name);
        let options = options.join(" ");
        bail!(
            "{}{end}\n\nTo repeat it:\ncargo run -p {package} --bin {name} -- {options}",
            text(output)?
        )
    }
}

/// Returns the command that starts each program, or nothing.
fn emulator() -> String {
    std::env::var(RUNNER_VARIABLE).unwrap_or_default()
}

/// Waits until a program ends, for at most `patience`.
//
// A wait for the signal of the end (`SIGCHLD`) is not reliable if this harness itself is emulated.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        let status = child.try_wait()?;
        if status.is_some() || start.elapsed() > patience {
            return Ok(status);
        }
        thread::sleep(LOOK);
    }
}

/// Returns the text that was written into a file.
fn text(mut file: File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
