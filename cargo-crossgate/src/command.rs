// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs that this one runs.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns a command for cargo in a folder.
pub fn cargo(folder: &Path) -> Command {
    // Cargo says which it is, if it has called this program.
    let program = std::env::var_os("CARGO");
    let mut cargo = Command::new(program.as_deref().unwrap_or(OsStr::new("cargo")));
    cargo.current_dir(folder);
    cargo
}

/// Runs a command to its end. Its output is that of this program.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run `{name}`"))?;
    if !status.success() {
        let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        bail!("`{name} {}` failed: {status}", words.join(" "));
    }
    Ok(())
}

/// Returns a command as a line for a shell.
pub fn line(command: &Command) -> String {
    let quoted = |word: &OsStr| format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// Returns what a program prints with these arguments, if it runs and succeeds.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
