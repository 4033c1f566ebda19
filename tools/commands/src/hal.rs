// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs drivers of the crate `stm32f4xx-hal` in processes, on an emulated board: `tests/stm32f4xx-hal`.

use crate::workspace;
use anyhow::{Result, ensure};
use std::fs;
use std::time::Duration;
use workbench::{command, emulator};

const FOLDER: &str = "tests/stm32f4xx-hal";
const TARGET: &str = "thumbv7em-none-eabihf";
/// It takes a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds the firmware, runs it, and compares its output with the output that its source quotes.
///
/// # Errors
/// If it can't be built, or does something else.
pub fn check() -> Result<()> {
    let folder = workspace::root().join(FOLDER);
    let target = workspace::root().join("target/stm32f4xx-hal");
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--target", TARGET]);
    build.arg("--manifest-path").arg(folder.join("Cargo.toml"));
    build.arg("--target-dir").arg(&target);
    command::run(&mut build)?;
    let firmware = target.join(TARGET).join("release/stm32f4xx-hal-in-processes");
    let finished = emulator::run(&firmware, &[], PATIENCE)?;
    ensure!(finished.success, "it failed:\n{}", finished.output);
    let source = fs::read_to_string(folder.join("src/main.rs"))?;
    for line in quoted(&source) {
        let is_there = finished.output.lines().any(|it| it == line);
        ensure!(is_there, "there is no line `{line}`:\n{}", finished.output);
    }
    Ok(())
}

/// Returns the lines of output that a source quotes.
fn quoted(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().skip_while(|line| *line != "//! ```text").skip(1);
    lines.map_while(|line| line.strip_prefix("//! ")).take_while(|line| *line != "```")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_quotes_its_output() {
        let source = fs::read_to_string(workspace::root().join(FOLDER).join("src/main.rs"));
        assert_eq!(quoted(&source.unwrap()).count(), 4);
    }
}
