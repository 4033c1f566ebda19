// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared parts of the developer's tools: the packages that they need on this machine, and how they run programs.

#![forbid(unsafe_code)]

pub mod board;
pub mod command;
pub mod emulator;
pub mod progress;
pub mod setup;

use anyhow::Result;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Returns the folder of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// Returns a command for cargo, in the repository's folder.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    cargo
}

/// Runs a tool to its end: an error is printed with its causes. The tool returns whether all checks have passed.
pub fn run(tool: impl FnOnce() -> Result<bool>) -> ExitCode {
    match command::end_all_on_interrupt().and_then(|()| tool()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("\nbecause of: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}
