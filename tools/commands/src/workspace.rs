// SPDX-License-Identifier: MIT OR Apache-2.0
//! The packages of this repository, and builds of firmware.

use crate::command;
use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, Metadata, MetadataCommand, Package};
use std::fs;
use std::path::{Path, PathBuf};
use workbench::board::{self, Board, Row};
pub use workbench::{cargo, root};

/// The package that stands for the chosen board.
const CHOICE: &str = "selected-board";
/// The package in which each program is for one of two boards, so that no build for a board has all of them.
const OF_TWO_BOARDS: &str = "system-tests-two-cores";

/// Returns the names of the packages that are also built for microcontrollers with the CPU of a board: their boards, and
/// the code that runs on them.
///
/// # Errors
/// If a manifest is wrong.
pub fn board_packages(board: Board) -> Result<Vec<String>> {
    let metadata = members()?;
    let packages =
        metadata.workspace_packages().into_iter().filter(|package| is_for_board(package, board));
    Ok(packages.map(|package| package.name.to_string()).collect())
}

fn is_for_board(package: &Package, board: Board) -> bool {
    // The package that stands for the chosen board depends on all of them.
    if package.name == CHOICE {
        return true;
    }
    if package.name == OF_TWO_BOARDS {
        return false;
    }
    let is_riscv = board.row().is_some_and(Row::is_riscv);
    let names = || {
        let others = package.dependencies.iter().map(|other| other.name.as_str());
        others.chain([package.name.as_str()])
    };
    let is_board = |is_riscv| {
        move |name: &str| {
            board::emulated().any(|row| row.package() == name && row.is_riscv() == is_riscv)
        }
    };
    let is_for_other = names().any(is_board(!is_riscv));
    !is_for_other && (names().any(|name| name == CHOICE) || names().any(is_board(is_riscv)))
}

/// The profile with which a firmware is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The profile of shipped firmware.
    Release,
    /// A profile with checks for arithmetic overflows, and with debug assertions.
    Dev,
}

impl Profile {
    /// Returns its name for cargo.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Release => "release",
            Profile::Dev => "dev",
        }
    }
}

/// A firmware that was built.
pub struct Firmware {
    /// The name of the program.
    pub name: String,
    /// The board that it is for.
    pub board: Board,
    /// Its main source file.
    pub source: PathBuf,
    /// The ELF file.
    pub file: PathBuf,
}

/// Builds the programs of a package for a board.
///
/// # Errors
/// If it does not build, or there are no programs in it.
pub fn build(package: &str, board: Board, profile: Profile) -> Result<Vec<Firmware>> {
    built(&["--package", package, "--bins"], board, profile)
}

/// Builds the programs that these arguments choose.
fn built(choice: &[&str], board: Board, profile: Profile) -> Result<Vec<Firmware>> {
    let mut build = cargo();
    build.args(["build", "--profile", profile.name()]).args(choice).args(board.arguments());
    // The firmware needs debug information, because gdb is tested on it. So a setting that removes debug information is
    // ignored here.
    build.env_remove("CARGO_PROFILE_DEV_DEBUG");
    build.arg("--message-format=json-render-diagnostics");
    let output = command::run(&mut build)?;
    let mut firmware = Vec::new();
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(artifact) = message?
            && let Some(file) = artifact.executable
        {
            let source = artifact.target.src_path.into();
            let file = kept(file.as_std_path(), board, profile)?;
            firmware.push(Firmware { name: artifact.target.name, board, source, file });
        }
    }
    if firmware.is_empty() {
        bail!("there are no programs: {}", choice.join(" "));
    }
    firmware.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(firmware)
}

/// Copies the file to a folder of the board, because cargo puts the programs of all boards with the same target into
/// one folder. Returns the copy.
fn kept(file: &Path, board: Board, profile: Profile) -> Result<PathBuf> {
    let (Some(row), Some(name)) = (board.row(), file.file_name()) else { return Ok(file.into()) };
    let folder = root().join("target/boards").join(&row.name).join(profile.name());
    fs::create_dir_all(&folder)?;
    let kept = folder.join(name);
    if kept.exists() {
        fs::remove_file(&kept)?;
    }
    fs::hard_link(file, &kept).with_context(|| format!("cannot link to {}", file.display()))?;
    Ok(kept)
}

/// Builds a package with one program, in release.
///
/// # Errors
/// As for [`build`].
pub fn build_one(package: &str, board: Board) -> Result<PathBuf> {
    let first = build(package, board, Profile::Release)?.into_iter().next();
    Ok(first.context("there is no program")?.file)
}

/// Returns the names of all programs of these packages.
///
/// # Errors
/// If a manifest is wrong.
pub fn programs(packages: &[&str]) -> Result<Vec<String>> {
    let metadata = members()?;
    let members = metadata.workspace_packages().into_iter();
    let chosen = members.filter(|package| packages.contains(&package.name.as_str()));
    let programs = chosen.flat_map(|package| &package.targets).filter(|target| target.is_bin());
    Ok(programs.map(|program| program.name.clone()).collect())
}

/// Returns the main source file of a program, as a path in the workspace.
///
/// # Errors
/// If there is no such program, or a manifest is wrong.
pub fn source(package: &str, program: &str) -> Result<PathBuf> {
    let metadata = members()?;
    let member = metadata.workspace_packages().into_iter().find(|it| it.name == package);
    let mut targets = member.iter().flat_map(|member| &member.targets);
    let target = targets.find(|target| target.is_bin() && target.name == program);
    let target = target.with_context(|| format!("{package} has no program {program}"))?;
    Ok(target.src_path.strip_prefix(&metadata.workspace_root)?.into())
}

/// Returns what the manifests of the workspace say.
///
/// # Errors
/// If a manifest is wrong.
pub fn members() -> Result<Metadata> {
    MetadataCommand::new().current_dir(root()).no_deps().exec().context("cargo metadata")
}

/// Builds some of the programs of these packages.
///
/// # Errors
/// As for [`build`].
pub fn build_programs(
    packages: &[&str],
    names: &[&str],
    board: Board,
    profile: Profile,
) -> Result<Vec<Firmware>> {
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    let choice: Vec<_> = packages.chain(names.iter().flat_map(|name| ["--bin", name])).collect();
    built(&choice, board, profile)
}
