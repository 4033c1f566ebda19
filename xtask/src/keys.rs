//! The hosted system tests on a CPU that has protection keys, which this machine's may not have: an
//! emulated one, that runs Linux with nothing but the tests.

use crate::{command, setup, workspace};
use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Message;
use cpio::newc::{self, Builder, ModeFileType};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use wait_timeout::ChildExt;

/// The packages with the tests, and where the sources of their programs are.
const PACKAGES: [(&str, &str); 2] =
    [("system-tests", "tests/src/bin"), ("system-tests-hosted", "tests/hosted/src/bin")];
/// What the emulated CPU does not do: exceptions of SSE, checks of alignment, and far returns to memory that has a key.
const SKIPPED: [&str; 3] = ["keys::flags", "keys::wild_stacks", "keys::instructions"];
/// The test of each, which runs all programs of the package.
const TEST: &str = "hosted";
/// How long all of a package's may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Permissions of files and folders.
const ALL: u32 = 0o755;

/// Runs the tests, or those with `name` in their names. `linux` is the kernel to boot.
///
/// # Errors
/// One fails, or nothing runs.
pub fn run(linux: &Path, name: &str) -> Result<()> {
    let mut has_run = false;
    for (package, sources) in PACKAGES {
        let sources = workspace::root().join(sources);
        let mut files = fs::read_dir(&sources)?.flatten().map(|entry| entry.file_name());
        if files.any(|file| file.to_string_lossy().contains(name)) {
            run_package(linux, package, &sources, name)?;
            has_run = true;
        }
    }
    ensure!(has_run, "there is no test with {name} in its name");
    Ok(())
}

fn run_package(linux: &Path, package: &str, sources: &Path, name: &str) -> Result<()> {
    let tests = Tests::build(package)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let system = folder.path().join("system.cpio");
    fs::write(&system, tests.system(sources)?).context("cannot write the system to boot")?;
    let log = folder.path().join("log");
    let mut command = Command::new(setup::KEYS_EMULATOR);
    command.args(["-M", "q35", "-cpu", "max", "-m", "3G", "-display", "none", "-no-reboot"]);
    command.arg("-kernel").arg(linux).arg("-initrd").arg(&system);
    command.arg("-serial").arg(format!("file:{}", log.display()));
    // What comes after the dashes are the arguments of the test. When it ends, Linux panics.
    let skipped = SKIPPED.map(|test| format!(" --skip {test}")).concat();
    command.arg("-append");
    command.arg(format!("console=ttyS0 quiet panic=-1 -- --color=never{skipped} keys::{name}"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().context("cannot start the emulator")?;
    let status = child.wait_timeout(PATIENCE)?;
    child.kill()?;
    let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let result = log.lines().find(|line| line.starts_with("test result: "));
    match (status, result) {
        (Some(_), Some(result)) if result.starts_with("test result: ok. ") => {
            ensure!(!result.contains(" 0 passed"), "no test was run:\n{log}");
            Ok(())
        }
        (None, _) => bail!("{log}\nit did not end within {} s", PATIENCE.as_secs()),
        _ => bail!("{log}\n\nwith {}", command::line(&command)),
    }
}

/// The tests as cargo has built them.
struct Tests {
    /// What runs the programs.
    runner: PathBuf,
    programs: Vec<PathBuf>,
}

impl Tests {
    fn build(package: &str) -> Result<Tests> {
        let mut build = workspace::cargo();
        build.args(["test", "--no-run", "--package", package, "--test", TEST]);
        build.arg("--message-format=json-render-diagnostics");
        let output = command::run(&mut build)?;
        let (mut runner, mut programs) = (None, Vec::new());
        for message in Message::parse_stream(output.stdout.as_slice()) {
            if let Message::CompilerArtifact(artifact) = message?
                && let Some(file) = artifact.executable
            {
                if artifact.target.is_test() {
                    runner = Some(file.into());
                } else {
                    programs.push(file.into());
                }
            }
        }
        Ok(Tests { runner: runner.context("the test has no program")?, programs })
    }

    /// A system to boot: an archive of all files. They have the paths that they have here, but for the
    /// runner, which is the first program that Linux starts.
    fn system(&self, sources: &Path) -> Result<Vec<u8>> {
        let mut system = System::default();
        system.device("/dev/null", 1, 3)?;
        system.device("/dev/zero", 1, 5)?;
        system.folder(Path::new("/tmp"))?;
        system.folder(Path::new("/proc"))?;
        system.file(Path::new("/init"), &self.runner)?;
        let sources = fs::read_dir(sources)?.map(|entry| Ok(entry?.path()));
        let sources = sources.collect::<Result<Vec<_>>>()?;
        for file in self.programs.iter().chain(&sources) {
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

/// The shared libraries that the loader finds for a program, itself included.
fn libraries_of(program: &Path) -> Result<Vec<PathBuf>> {
    let output = command::run(Command::new("ldd").arg(program))?;
    let text = String::from_utf8(output.stdout)?;
    let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(paths.map(PathBuf::from).collect())
}

/// An archive of files as Linux unpacks it at its start.
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

    /// A folder, and those that it is in.
    fn folder(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("/") || !self.folders.insert(path.into()) {
            return Ok(());
        }
        self.folder(path.parent().context("a relative path")?)?;
        let entry = entry(path)?.mode(ALL).set_mode_file_type(ModeFileType::Directory);
        self.add(entry, &[])
    }

    /// The file that is at `original` here.
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
