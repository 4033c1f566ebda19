//! The packages of this repository, and building firmware.

use crate::{command, setup};
use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, MetadataCommand, Package};
use std::path::PathBuf;
use workbench::board::Board;
pub use workbench::{cargo, root};

/// The packages that are the microcontroller for others: its board, and the same by target.
const BOARDS: [&str; 2] = ["mps2-an385", "development-board"];

/// The names of the packages that are built for the microcontroller, too: its board, and what runs on it.
///
/// # Errors
/// If a manifest is wrong.
pub fn board_packages() -> Result<Vec<String>> {
    let metadata =
        MetadataCommand::new().current_dir(root()).no_deps().exec().context("cargo metadata")?;
    let packages =
        metadata.workspace_packages().into_iter().filter(|package| is_for_board(package));
    Ok(packages.map(|package| package.name.to_string()).collect())
}

fn is_for_board(package: &Package) -> bool {
    let mut names = package.dependencies.iter().map(|dependency| dependency.name.as_str());
    BOARDS.contains(&package.name.as_str()) || names.any(|name| BOARDS.contains(&name))
}

/// How a firmware is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As it ships.
    Release,
    /// With checks of overflows, and debug assertions.
    Dev,
}

impl Profile {
    /// Its name for cargo.
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
    let mut build = cargo();
    build.args(["build", "--profile", profile.name(), "--package", package, "--bins"]);
    if board == Board::Mps2An385 {
        build.args(["--target", setup::TARGET]);
    }
    build.arg("--message-format=json-render-diagnostics");
    let output = command::run(&mut build)?;
    let mut firmware = Vec::new();
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(artifact) = message?
            && let Some(file) = artifact.executable
        {
            let source = artifact.target.src_path.into();
            firmware.push(Firmware { name: artifact.target.name, source, file: file.into() });
        }
    }
    if firmware.is_empty() {
        bail!("the package {package} has no programs");
    }
    firmware.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(firmware)
}

/// Builds a package with one program, in release.
///
/// # Errors
/// As [`build`].
pub fn build_one(package: &str, board: Board) -> Result<PathBuf> {
    let first = build(package, board, Profile::Release)?.into_iter().next();
    Ok(first.context("there is no program")?.file)
}
