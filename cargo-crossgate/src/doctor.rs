// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs that firmware needs on this machine, and how to get those that are missing.

use crate::command::output;
use crate::options::LINKER;
use crate::{board, project::Project};
use anyhow::{Context, Result, bail};
use crossgate_boards::Row;
use std::path::Path;

/// The oldest version of Rust that compiles Crossgate.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");
/// The programs that show the memory of a running firmware, any of which will do.
const DEBUGGERS: [&str; 3] = ["gdb-multiarch", "arm-none-eabi-gdb", "riscv32-unknown-elf-gdb"];

/// Something that this machine needs.
struct Need {
    what: String,
    /// The version or the place of what was found, if it is there.
    found: Option<String>,
    /// The way to get it.
    remedy: String,
    /// Firmware can be built and run without it.
    is_optional: bool,
}

/// Says of everything whether it is there, for a board or for that of the project.
///
/// # Errors
/// If something is missing.
pub fn run(name: Option<&str>) -> Result<()> {
    let board = match name {
        Some(name) => board::named(name)?,
        None => Project::find()?.board,
    };
    let needs = [hosted(), to_build(board), to_run(board), vec![debugger()]].into_iter().flatten();
    let needs: Vec<_> = needs.collect();
    println!("For firmware on this machine and on {}:\n", board.name);
    let width = needs.iter().map(|need| need.what.len()).max().unwrap_or(0);
    for Need { what, found, remedy, is_optional } in &needs {
        match found {
            Some(found) => println!("  ok        {what:<width$}  {found}"),
            None if *is_optional => println!("  optional  {what:<width$}  {remedy}"),
            None => println!("  MISSING   {what:<width$}  {remedy}"),
        }
    }
    let missing = needs.iter().filter(|need| need.found.is_none() && !need.is_optional).count();
    if missing > 0 {
        bail!("{missing} of these are missing; the lines above say how to get them");
    }
    Ok(())
}

/// Checks that firmware for a board can be built.
///
/// # Errors
/// If something is missing; the text says how to get it.
pub fn check_to_build(board: &Row) -> Result<()> {
    check(&to_build(board))
}

/// Checks that firmware for a board can be run.
///
/// # Errors
/// If something is missing; the text says how to get it.
pub fn check_to_run(board: &Row) -> Result<()> {
    check(&to_run(board))
}

/// Returns the name of a debugger for boards.
///
/// # Errors
/// If none is there; the text says how to get one.
pub fn find_debugger() -> Result<&'static str> {
    check(&[debugger()])?;
    let is_there = |name: &&&str| output(name, &["--version"]).is_some();
    DEBUGGERS.iter().find(is_there).copied().context("the debugger is gone")
}

fn check(needs: &[Need]) -> Result<()> {
    let missing = needs.iter().filter(|need| need.found.is_none());
    let lines: Vec<_> =
        missing.map(|need| format!("{} is missing: {}", need.what, need.remedy)).collect();
    if !lines.is_empty() {
        bail!("{}", lines.join("\n"));
    }
    Ok(())
}

/// The needs of a program of this machine.
fn hosted() -> Vec<Need> {
    let rust = output("rustc", &["--version"]);
    let is_new = |said: &String| version(said) >= version(RUST);
    vec![
        Need {
            what: format!("Rust {RUST}"),
            found: rust.filter(is_new),
            remedy: "rustup update stable (rustup is at https://rustup.rs)".to_owned(),
            is_optional: false,
        },
        program(
            "the C compiler, which links programs",
            &["cc"],
            "sudo apt-get install build-essential",
        ),
    ]
}

/// The needs of a build for a board.
fn to_build(board: &Row) -> Vec<Need> {
    let folder = output("rustc", &["--print", "target-libdir", "--target", &board.target]);
    vec![
        Need {
            what: format!("the Rust target {}", board.target),
            found: folder.filter(|it| Path::new(it).is_dir()).map(|_| "installed".to_owned()),
            remedy: format!("rustup target add {}", board.target),
            is_optional: false,
        },
        Need {
            what: "the linker of firmware, which is this program".to_owned(),
            found: output(LINKER, &["crossgate", "--version"]),
            remedy: "add the folder of cargo's programs to PATH, usually ~/.cargo/bin".to_owned(),
            is_optional: false,
        },
    ]
}

/// The needs of a run on a board.
fn to_run(board: &Row) -> Vec<Need> {
    if board.machine.is_some() {
        let emulator = board.emulator();
        // Debian has the emulators of less common CPUs in one package.
        let package = if board.is_riscv() { "qemu-system-misc" } else { emulator };
        let remedy = format!("sudo apt-get install --no-install-recommends {package}");
        return vec![program(&format!("the emulator {emulator}"), &[emulator], &remedy)];
    }
    let Some(runner) = &board.runner else { return Vec::new() };
    let name = runner.split(' ').next().unwrap_or_default();
    let remedy = match name {
        "probe-rs" => "https://probe.rs/docs/getting-started/installation",
        _ => "https://github.com/raspberrypi/picotool/releases, or the package picotool",
    };
    vec![program(&format!("{name}, which writes to the board"), &[name], remedy)]
}

fn debugger() -> Need {
    let remedy = "sudo apt-get install gdb-multiarch";
    Need { is_optional: true, ..program("a debugger for boards", &DEBUGGERS, remedy) }
}

/// Returns the need of one of these programs.
fn program(what: &str, names: &[&str], remedy: &str) -> Need {
    let said = names.iter().find_map(|name| output(name, &["--version"]));
    let line = said.map(|said| said.lines().next().unwrap_or_default().to_owned());
    Need { what: what.to_owned(), found: line, remedy: remedy.to_owned(), is_optional: false }
}

/// Returns the first two numbers in a text such as `rustc 1.95.0 (...)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers =
        text.trim_start_matches(|it: char| !it.is_ascii_digit()).split(['.', ' ', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_understood() {
        assert_eq!(version("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(version("1.97"), Some((1, 97)));
        assert_eq!(version("nothing"), None);
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let need = program("the tool", &["no-such-program-anywhere"], "install it");
        assert_eq!(check(&[need]).unwrap_err().to_string(), "the tool is missing: install it");
        assert!(check(&hosted()).is_ok());
        let board = board::named("esp32-c3-devkitm-1").unwrap();
        assert!(to_run(board).is_empty());
    }
}
