// SPDX-License-Identifier: MIT OR Apache-2.0
//! The packages that the machine needs, which this module installs if it can.

use crate::board::{self, EMULATOR, Row};
use crate::{command, progress};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes sure that everything is installed that is needed to build a firmware and to run it.
///
/// # Errors
/// If something is missing and can't be installed from here; the text says what to do.
pub fn all() -> Result<()> {
    target()?;
    emulator()
}

/// Makes sure that firmware can be compiled for the boards on which something runs each day.
///
/// # Errors
/// As for [`target_of`].
pub fn target() -> Result<()> {
    board::emulated().filter(|row| row.is_daily()).try_for_each(target_of)
}

/// Makes sure that firmware can be compiled for a board.
///
/// # Errors
/// If the target is missing and `rustup` can't add it; the text says what to do.
pub fn target_of(row: &Row) -> Result<()> {
    target_named(&row.target)
}

/// Makes sure that code can be compiled for a target.
///
/// # Errors
/// As for [`target_of`].
pub fn target_named(target: &str) -> Result<()> {
    if target_is_there(target) { Ok(()) } else { add_target(target) }
}

fn add_target(target: &str) -> Result<()> {
    progress::step(&format!("adding the Rust target {target}"), || {
        command::run(Command::new("rustup").args(["target", "add", target])).with_context(|| {
            format!(
                "The Rust target {target} is missing and could not be added.\n\
                 Install rustup (https://rustup.rs) if it is not there; then, with a connection to \
                 the net, run: rustup target add {target}"
            )
        })
    })?;
    Ok(())
}

fn target_is_there(target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Makes sure that the tools are installed with which the tests check the source.
///
/// # Errors
/// If one is missing and `rustup` can't add it.
pub fn source_tools() -> Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if command::succeeds(Command::new("cargo").args([tool, "--version"])) {
            continue;
        }
        progress::step(&format!("adding {component}"), || {
            command::run(Command::new("rustup").args(["component", "add", component])).with_context(
                || {
                    format!(
                        "{component} is missing and could not be added. With a connection to the \
                         net, run: rustup component add {component}"
                    )
                },
            )
        })?;
    }
    Ok(())
}

/// Makes sure that cargo-mutants is installed. Its compilation takes some minutes.
///
/// # Errors
/// If it is missing and can't be installed.
pub fn mutants() -> Result<()> {
    let is_there = || command::succeeds(Command::new("cargo").args(["mutants", "--version"]));
    if is_there() {
        return Ok(());
    }
    let install = ["install", "--locked", "cargo-mutants"];
    progress::step("installing cargo-mutants", || {
        command::run(Command::new("cargo").args(install)).with_context(
            || "cargo-mutants is missing and could not be installed: cargo install --locked cargo-mutants",
        )
    })?;
    Ok(())
}

/// Makes sure that firmware can be run.
///
/// # Errors
/// If the emulator is missing and `apt-get` can't install it.
pub fn emulator() -> Result<()> {
    if is_there(EMULATOR) {
        return Ok(());
    }
    let Some(apt) = Apt::find() else {
        bail!(
            "The emulator {EMULATOR} is missing. Install it, then repeat this command:\n\
             Debian, Ubuntu:  sudo apt-get {INSTALL} {EMULATOR}\n\
             Fedora:          sudo dnf install qemu-system-arm\n\
             Arch:            sudo pacman -S qemu-system-arm\n\
             macOS:           brew install qemu",
        );
    };
    apt.install(&[EMULATOR])?;
    if !is_there(EMULATOR) {
        bail!("{EMULATOR} was installed but does not run: see `{EMULATOR} --version`");
    }
    Ok(())
}

/// The C compiler for the boards, which is a package of Debian without a C library.
const C_COMPILER: (&str, &str) = ("arm-none-eabi-gcc", "gcc-arm-none-eabi");

/// Makes sure that a process in C can be compiled.
///
/// # Errors
/// If the compiler is missing and `apt-get` can't install it.
pub fn c_compiler() -> Result<()> {
    let (compiler, package) = C_COMPILER;
    if is_there(compiler) {
        return Ok(());
    }
    let Some(apt) = Apt::find() else {
        bail!(
            "The C compiler {compiler} is missing, which a test of a process in C needs. Install it, then repeat \
             this command:\nDebian, Ubuntu:  sudo apt-get {INSTALL} {package}"
        );
    };
    apt.install(&[package])
}

/// The debugger for the boards. Its package has the same name.
pub const DEBUGGER: &str = "gdb-multiarch";

/// Makes sure that firmware can be debugged.
///
/// # Errors
/// If the debugger is missing and `apt-get` can't install it.
pub fn debugger() -> Result<()> {
    if is_there(DEBUGGER) {
        return Ok(());
    }
    let Some(apt) = Apt::find() else {
        bail!(
            "The debugger {DEBUGGER} is missing, which a test of a firmware in gdb needs. Install it, then repeat this \
             command:\nDebian, Ubuntu:  sudo apt-get {INSTALL} {DEBUGGER}"
        );
    };
    apt.install(&[DEBUGGER])
}

/// The program that emulates a CPU with protection keys.
pub const KEYS_EMULATOR: &str = "qemu-system-x86_64";
/// The packages of Debian with it, and with a Linux to boot.
const KEYS: [&str; 2] = ["qemu-system-x86", "linux-image-cloud-amd64"];

/// Makes sure that a Linux can be booted on a CPU with protection keys. Returns the file of its kernel.
///
/// # Errors
/// If the kernel or the emulator is missing and `apt-get` can't install it.
pub fn linux_with_keys() -> Result<PathBuf> {
    let find = || linux().filter(|_| is_there(KEYS_EMULATOR));
    if let Some(linux) = find() {
        return Ok(linux);
    }
    if let Some(apt) = Apt::find() {
        apt.install(&KEYS)?;
    }
    find().with_context(|| format!("not installed (apt-get {INSTALL} {})", KEYS.join(" ")))
}

/// Returns the newest kernel of Linux that this user may read.
fn linux() -> Option<PathBuf> {
    let files = fs::read_dir("/boot").ok()?.flatten().map(|entry| entry.path());
    let kernels = files.filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("vmlinuz-") && File::open(file).is_ok()
    });
    kernels.max()
}

/// The target of programs for 64-bit ARM.
pub const AARCH64: &str = "aarch64-unknown-linux-gnu";
/// The C compiler that links them.
pub const AARCH64_LINKER: &str = "aarch64-linux-gnu-gcc";
/// The packages of Debian with this compiler, and with the emulator of Linux for this CPU.
const AARCH64_TOOLS: [(&str, &str); 2] =
    [(AARCH64_LINKER, "gcc-aarch64-linux-gnu"), ("qemu-aarch64", "qemu-user")];

/// Makes sure that programs for 64-bit ARM can be built and run.
///
/// # Errors
/// If something is missing and can't be installed from here; the text says what to do.
pub fn aarch64() -> Result<()> {
    if !target_is_there(AARCH64) {
        add_target(AARCH64)?;
    }
    let missing = AARCH64_TOOLS.iter().filter(|(program, _)| !is_there(program));
    let packages: Vec<_> = missing.map(|&(_, package)| package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let Some(apt) = Apt::find() else {
        bail!("not installed. Debian, Ubuntu:  sudo apt-get {INSTALL} {}", packages.join(" "));
    };
    apt.install(&packages)
}

/// The package of Debian with the emulators of less common CPUs.
const OTHER_EMULATORS: &str = "qemu-system-misc";

/// Makes sure that the emulators of all boards are installed.
fn other_emulators() -> Result<()> {
    for emulator in board::emulated().map(Row::emulator).filter(|emulator| !is_there(emulator)) {
        let Some(apt) = Apt::find() else {
            bail!(
                "The emulator {emulator} is missing. Debian, Ubuntu:  sudo apt-get {INSTALL} {OTHER_EMULATORS}"
            );
        };
        apt.install(&[OTHER_EMULATORS])?;
    }
    Ok(())
}

/// Makes sure that firmware that ends by itself can be run. Tests and benchmarks are such firmware.
///
/// # Errors
/// As for [`emulator`]; or if the emulator is too old.
pub fn emulator_for_tests() -> Result<()> {
    emulator()?;
    other_emulators()?;
    let output = command::run(Command::new(EMULATOR).arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if version(&text).is_some_and(|version| version < SEMIHOSTING_OF_THREADS) {
        bail!(
            "This {EMULATOR} is too old to run the tests, they need version 7.2 (Debian 12, \
             Ubuntu 23.04) or later; the demo runs with it. It says:\n{text}"
        );
    }
    Ok(())
}

/// The first version of the emulator in which unprivileged code may end the emulation.
const SEMIHOSTING_OF_THREADS: (u32, u32) = (7, 2);

/// Returns the major and the minor number in `QEMU emulator version 7.2.22 (Debian ...)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split("version ").nth(1)?.split(['.', ' ', '\n']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn is_there(program: &str) -> bool {
    command::succeeds(Command::new(program).arg("--version"))
}

/// The arguments of `apt-get` to install packages.
const INSTALL: &str = "install --yes --no-install-recommends";

/// The package manager, if it can be used without a password.
struct Apt {
    sudo: bool,
}

impl Apt {
    fn find() -> Option<Apt> {
        if !command::succeeds(Command::new("apt-get").arg("--version")) {
            return None;
        }
        let user = Command::new("id").arg("-u").output().ok()?;
        if user.stdout.trim_ascii() == b"0" {
            return Some(Apt { sudo: false });
        }
        command::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(Apt { sudo: true })
    }

    /// Installs packages.
    fn install(&self, packages: &[&str]) -> Result<()> {
        let names = packages.join(" ");
        let arguments: Vec<&str> = INSTALL.split(' ').chain(packages.iter().copied()).collect();
        progress::step(&format!("installing {names}"), || {
            // The package lists may be missing or old: in that case they are fetched, and the installation is repeated.
            if command::succeeds(&mut self.command(&arguments)) {
                return Ok(());
            }
            command::run(&mut self.command(&["update"]))
                .and_then(|_| command::run(&mut self.command(&arguments)))
                .map(|_| ())
                .with_context(|| {
                    format!(
                        "{names} could not be installed. See what apt-get says below, then run: sudo \
                         apt-get {INSTALL} {names}"
                    )
                })
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = if self.sudo {
            let mut command = Command::new("sudo");
            command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        } else {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        command.args(arguments);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_understood() {
        assert_eq!(version("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright"), Some((7, 2)));
        assert_eq!(version("QEMU emulator version 10.0\n"), Some((10, 0)));
        assert_eq!(version("something else"), None);
    }
}
