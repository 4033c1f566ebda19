// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate new`: a firmware that runs.

use crate::options::New;
use crate::source::Source;
use crate::{board, template};
use anyhow::{Context, Result, ensure};
use crossgate_boards::Row;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Names that are taken: those of the other crates of the firmware, and of Rust's.
const TAKEN: [&str; 9] =
    ["alloc", "board", "console", "control", "core", "interfaces", "sensor", "std", "test"];

/// The values of the template.
#[derive(Serialize)]
struct Values<'a> {
    name: &'a str,
    board: &'a str,
    board_library: String,
    board_package: String,
    target: &'a str,
    /// A few words on where firmware for the board runs.
    place: String,
    /// The crates of the kernel, for which the profile has settings of their own.
    kernel: [&'a str; 3],
    board_crate: String,
    console: String,
    crossgate: String,
    hosted: String,
    link: String,
    log: String,
    /// The emulated machine and its CPU, if the debugger of the editor can start the emulator.
    machine: Option<&'a str>,
    cpu: String,
    /// The name of the chip, if the debugger of the editor can reach it by a debug probe.
    chip: Option<&'a str>,
    /// The extension of the editor for this debugger.
    debugger: Option<&'a str>,
}

/// Makes a firmware in a folder of its own.
///
/// # Errors
/// If the name is not one for a firmware, if the folder is there already, or if it can't be written.
pub fn run(new: &New) -> Result<()> {
    check_name(&new.name)?;
    let folder = Path::new(&new.name);
    ensure!(!folder.exists(), "the folder `{}` is there already", new.name);
    let board = board::named(&new.board)?;
    let files = files(&new.name, board, &Source::new(new.source.as_deref())?)?;
    template::write(folder, &files)?;
    println!(
        "made {name}: a firmware for {board} and for this machine\n\n  \
         cd {name}\n  \
         cargo run                             # as a program of this machine; Ctrl-C ends it\n  \
         cargo test\n  \
         cargo crossgate run --on-board        # {place}\n  \
         cargo crossgate doctor                # says what is missing for this",
        name = new.name,
        board = board.name,
        place = place(board),
    );
    Ok(())
}

/// Returns the name of the library of the board's crate.
pub fn library(board: &Row) -> String {
    board.name.replace('-', "_")
}

/// Returns the package of the kernel's port.
pub fn port(board: &Row) -> &'static str {
    if board.is_riscv() { "crossgate-riscv" } else { "crossgate-cortex-m" }
}

/// Returns the files of a firmware.
///
/// # Errors
/// If the source lacks a crate.
pub fn files(name: &str, board: &Row, source: &Source) -> Result<Vec<(PathBuf, String)>> {
    let dependency = |package| source.dependency(package).map(|it| it.to_string());
    let is_arm = !board.is_riscv();
    let chip = board.runner.as_deref().and_then(|it| it.strip_prefix("probe-rs run --chip "));
    let machine = board.machine.as_deref().filter(|_| is_arm);
    let values = Values {
        name,
        board: &board.name,
        board_library: library(board),
        board_package: board.package(),
        target: &board.target,
        place: place(board),
        kernel: [port(board), "crossgate-kernel", "crossgate-protection"],
        board_crate: dependency(&board.package())?,
        console: dependency("crossgate-console")?,
        crossgate: dependency("crossgate")?,
        hosted: dependency("crossgate-hosted-board")?,
        link: dependency("crossgate-link")?,
        log: dependency("crossgate-log")?,
        machine,
        cpu: emulated_cpu(&board.cpu),
        chip,
        debugger: machine
            .map(|_| "marus25.cortex-debug")
            .or(chip.map(|_| "probe-rs.probe-rs-debugger")),
    };
    template::render(template::FIRMWARE, &values)
}

/// Returns a few words on where firmware for this board runs.
pub fn place(board: &Row) -> String {
    match &board.runner {
        _ if board.machine.is_some() => "in the emulator; Ctrl-A X ends it".to_owned(),
        Some(runner) => {
            let program = runner.split(' ').next().unwrap_or_default();
            format!("on the connected board, by {program}")
        }
        None => "only built: the book says how to write it to the board".to_owned(),
    }
}

/// Returns the emulator's name for a CPU such as `Cortex-M4F, ...`.
fn emulated_cpu(cpu: &str) -> String {
    let name = cpu.split(',').next().unwrap_or(cpu).to_lowercase();
    name.trim_start_matches("two ").trim_end_matches('f').to_owned()
}

fn check_name(name: &str) -> Result<()> {
    let may_begin = name.starts_with(|first: char| first.is_ascii_lowercase());
    let is_part = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    ensure!(
        may_begin && name.chars().all(is_part) && !name.ends_with('-'),
        "`{name}` is no name for a firmware: take small letters, digits and hyphens, such as `heater-2`"
    );
    ensure!(
        !TAKEN.contains(&name),
        "the name `{name}` is taken by a crate of the firmware, or by Rust"
    );
    syn::parse_str::<syn::Ident>(&name.replace('-', "_"))
        .ok()
        .with_context(|| format!("the name `{name}` is a keyword of Rust"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_boards::ROWS;

    fn text(board: &Row, path: &str) -> String {
        let files = files("heater", board, &Source::Registry).unwrap();
        let file = files.into_iter().find(|(name, _)| name == Path::new(path));
        file.unwrap_or_else(|| panic!("{path}")).1
    }

    #[test]
    fn the_files_are_valid_for_each_board() {
        for board in ROWS.iter() {
            let manifest: toml_edit::DocumentMut = text(board, "Cargo.toml").parse().unwrap();
            assert!(
                manifest["workspace"]["dependencies"].get(board.package()).is_some(),
                "{}",
                board.name
            );
            let config: toml_edit::DocumentMut = text(board, ".cargo/config.toml").parse().unwrap();
            // Cargo looks up `target.NAME.linker`: a dot in the name separates keys, also in thumbv8m.main-none-eabi.
            let target = board.target.split('.').fold(&config["target"], |item, key| &item[key]);
            assert_eq!(target["linker"].as_str(), Some("cargo-crossgate"), "{}", board.name);
            let launch: serde_json::Value =
                serde_json::from_str(&text(board, ".vscode/launch.json")).unwrap();
            let count = launch["configurations"].as_array().unwrap().len();
            let has_probe = board.runner.as_ref().is_some_and(|it| it.starts_with("probe-rs"));
            let expected =
                if has_probe || board.machine.is_some() && !board.is_riscv() { 2 } else { 1 };
            assert_eq!(count, expected, "{}", board.name);
            for path in [".vscode/extensions.json", ".vscode/tasks.json"] {
                serde_json::from_str::<serde_json::Value>(&text(board, path)).unwrap();
            }
            for (path, text) in files("heater", board, &Source::Registry).unwrap() {
                assert!(!text.contains("{{"), "{}: {text}", path.display());
            }
        }
    }

    #[test]
    fn names_are_checked() {
        for name in ["heater", "heater-2", "a"] {
            check_name(name).unwrap();
        }
        for (name, why) in [
            ("Heater", "small letters"),
            ("2nd", "small letters"),
            ("a/b", "small letters"),
            ("heater-", "small letters"),
            ("", "small letters"),
            ("sensor", "taken"),
            ("core", "taken"),
            ("loop", "keyword"),
        ] {
            let error = check_name(name).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
    }

    #[test]
    fn cpus_have_names_in_the_emulator() {
        assert_eq!(emulated_cpu("Cortex-M3, instructions of ARMv6-M"), "cortex-m3");
        assert_eq!(emulated_cpu("Cortex-M4F"), "cortex-m4");
    }
}
