// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the hosted system tests on a CPU with protection keys. This machine's CPU may have none, so an emulated CPU
//! runs a Linux that contains only the tests.

use crate::{command, setup, workspace};
use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use cpio::newc::{self, Builder, ModeFileType};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use workbench::emulator::Finished;

/// The test of a package that runs all its programs.
const TEST: &str = "hosted";
/// The longest time for all tests together.
const PATIENCE: Duration = Duration::from_secs(900);
/// Counts time in instructions of 4 ns each. So if this machine is busy and the emulator does not run for a while, the
/// tests do not lose time.
const TIME: [&str; 2] = ["-icount", "shift=2,sleep=off"];
/// The system tests that take long or are about time, for which only the nightly run has time.
pub const NIGHTLY: [&str; 8] = [
    "budgets",
    "crash_cycles",
    "drift",
    "punctuality",
    "service_stacks",
    "slices",
    "socket_attacks",
    "time",
];
/// Permissions of files and folders.
const ALL: u32 = 0o755;

/// Runs tests of a package of this workspace: those that `arguments` name. `linux` is the kernel to boot.
///
/// # Errors
/// If a test fails, if there are no tests, or if they can't be run.
pub fn check(linux: &Path, package: &str, arguments: &[&str]) -> Result<()> {
    let Finished { success, output } = run(linux, &mut workspace::cargo(), package, arguments)?;
    ensure!(success, "{output}");
    ensure!(!output.contains(" 0 passed"), "no test was run:\n{output}");
    Ok(())
}

/// Runs tests of a package, which `cargo` builds: those that `arguments` name. `linux` is the kernel to boot.
///
/// # Errors
/// If the tests don't build, or can't be run.
pub fn run(
    linux: &Path,
    cargo: &mut Command,
    package: &str,
    arguments: &[&str],
) -> Result<Finished> {
    let tests = Tests::build(cargo, package)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let system = folder.path().join("system.cpio");
    fs::write(&system, tests.system()?).context("cannot write the system to boot")?;
    let log = folder.path().join("log");
    let mut command = Command::new(setup::KEYS_EMULATOR);
    command.args(["-M", "q35", "-cpu", "max", "-m", "3G", "-display", "none", "-no-reboot"]);
    command.args(TIME);
    command.arg("-kernel").arg(linux).arg("-initrd").arg(&system);
    command.arg("-serial").arg(format!("file:{}", log.display()));
    // The words after the dashes are the arguments of the test. When the test ends, Linux panics.
    let arguments = arguments.join(" ");
    command
        .args(["-append", &format!("console=ttyS0 quiet panic=-1 -- --color=never {arguments}")]);
    let status = command::bounded(&mut command, PATIENCE)?.status;
    let mut output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let success = output.lines().any(|line| line.starts_with("test result: ok. "));
    if status.is_none() {
        output += &format!("\nit did not end within {} s", PATIENCE.as_secs());
    }
    output += &format!("\nwith {}\n", command::line(&command));
    Ok(Finished { success: success && status.is_some(), output })
}

/// The tests as cargo has built them.
struct Tests {
    /// The program that runs the tests' programs.
    runner: PathBuf,
    programs: Vec<PathBuf>,
    /// The programs' sources, which the runner reads.
    sources: Vec<PathBuf>,
}

impl Tests {
    fn build(cargo: &mut Command, package: &str) -> Result<Tests> {
        // All packages have the features that they have in the other tests, so nothing is compiled again.
        cargo.args(["test", "--no-run", "--workspace", "--test", TEST]);
        cargo.arg("--message-format=json-render-diagnostics");
        let output = command::run(cargo)?;
        let (mut runner, mut programs, mut sources) = (None, Vec::new(), Vec::new());
        for message in Message::parse_stream(output.stdout.as_slice()) {
            if let Message::CompilerArtifact(artifact) = message?
                && artifact.package_id.repr.contains(&format!("#{package}@"))
                && let Some(file) = artifact.executable
            {
                if artifact.target.is_test() {
                    runner = Some(file.into());
                } else {
                    programs.push(file.into());
                    sources.push(artifact.target.src_path.into());
                }
            }
        }
        Ok(Tests { runner: runner.context("the test has no program")?, programs, sources })
    }

    /// Returns a system to boot: an archive of all files. They have the paths that they have here, except for the
    /// runner, which is the first program that Linux starts.
    fn system(&self) -> Result<Vec<u8>> {
        let mut system = System::default();
        system.device("/dev/null", 1, 3)?;
        system.device("/dev/zero", 1, 5)?;
        system.folder(Path::new("/tmp"))?;
        system.folder(Path::new("/proc"))?;
        system.file(Path::new("/init"), &self.runner)?;
        // Data for debuggers is removed: it is the largest part of a program, and would fill the memory of the emulated
        // machine.
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let stripped = folder.path().join("program");
        for file in &self.programs {
            command::run(
                Command::new("strip").args(["--strip-debug", "-o"]).arg(&stripped).arg(file),
            )?;
            system.file(file, &stripped)?;
        }
        for file in &self.sources {
            system.file(file, file)?;
        }
        let mut libraries = BTreeSet::new();
        for program in self.programs.iter().chain([&self.runner]) {
            libraries.extend(libraries_of(program)?);
        }
        for library in libraries {
            system.file(&library, &library)?;
        }
        Ok(newc::trailer(system.archive)?)
    }
}

/// Returns the shared libraries that the loader finds for a program, itself included.
fn libraries_of(program: &Path) -> Result<Vec<PathBuf>> {
    let output = command::run(Command::new("ldd").arg(program))?;
    let text = String::from_utf8(output.stdout)?;
    let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(paths.map(PathBuf::from).collect())
}

/// An archive of files in the form that Linux unpacks at its start.
#[derive(Default)]
struct System {
    archive: Vec<u8>,
    folders: BTreeSet<OsString>,
}

impl System {
    fn add(&mut self, entry: Builder, bytes: &[u8]) -> Result<()> {
        let size = bytes.len().try_into().context("the file is too large")?;
        let mut writer = entry.write(&mut self.archive, size);
        writer.write_all(bytes)?;
        writer.finish()?;
        Ok(())
    }

    /// Adds a folder, and its parent folders.
    fn folder(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("/") || !self.folders.insert(path.into()) {
            return Ok(());
        }
        self.folder(path.parent().context("a relative path")?)?;
        let entry = entry(path)?.mode(ALL).set_mode_file_type(ModeFileType::Directory);
        self.add(entry, &[])
    }

    /// Adds the file `original` of this machine at `path`.
    fn file(&mut self, path: &Path, original: &Path) -> Result<()> {
        self.folder(path.parent().context("a relative path")?)?;
        let bytes =
            fs::read(original).with_context(|| format!("cannot read {}", original.display()))?;
        self.add(entry(path)?.mode(ALL).set_mode_file_type(ModeFileType::Regular), &bytes)
    }

    fn device(&mut self, path: &str, major: u32, minor: u32) -> Result<()> {
        let path = Path::new(path);
        self.folder(path.parent().context("a relative path")?)?;
        let entry = entry(path)?.mode(0o666).set_mode_file_type(ModeFileType::Char);
        self.add(entry.rdev_major(major).rdev_minor(minor), &[])
    }
}

fn entry(path: &Path) -> Result<Builder> {
    let name = path.strip_prefix("/")?.to_str().context("the path is not UTF-8")?;
    Ok(Builder::new(name))
}
