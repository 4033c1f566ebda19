// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs drivers of the crate `stm32f4xx-hal` in processes, on an emulated board: `tests/stm32f4xx-hal`.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use workbench::{command, emulator};

const FOLDER: &str = "tests/stm32f4xx-hal";
const TARGET: &str = "thumbv7em-none-eabihf";
/// It takes a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// The emulator has no GPIO ports. It reports accesses to the word of this one that sets and clears outputs with lines
/// that begin like this.
const OUTPUTS: &str = "GPIOA: unimplemented device write (size 4, offset 0x018, ";

/// Builds the firmware, runs it, and compares its output, and what it writes to a GPIO port, with the lines that its
/// source quotes.
///
/// # Errors
/// If it can't be built, or does something else.
pub fn check() -> Result<()> {
    let firmware = build()?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (cable, accesses) = (folder.path().join("cable"), folder.path().join("accesses"));
    let options = options(&cable, &accesses);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let finished = emulator::run(&firmware, &options, PATIENCE)?;
    ensure!(finished.success, "it failed:\n{}", finished.output);
    let source = fs::read_to_string(workspace::root().join(FOLDER).join("src/main.rs"))?;
    let [expected, outputs] = quoted(&source).context("its source does not quote its output")?;
    ensure!(finished.output.lines().eq(expected), "its output is:\n{}", finished.output);
    let accesses = fs::read_to_string(accesses).context("the emulator reports no accesses")?;
    let written: Vec<_> = accesses.lines().filter(|line| line.starts_with(OUTPUTS)).collect();
    ensure!(written.ends_with(&outputs), "it writes to the port:\n{}", written.join("\n"));
    Ok(())
}

fn build() -> Result<PathBuf> {
    let target = workspace::root().join("target/stm32f4xx-hal");
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--target", TARGET]);
    build.arg("--manifest-path").arg(workspace::root().join(FOLDER).join("Cargo.toml"));
    build.arg("--target-dir").arg(&target);
    command::run(&mut build)?;
    Ok(target.join(TARGET).join("release/stm32f4xx-hal-in-processes"))
}

/// Returns the options that connect the second serial line and the third one, and that report accesses to devices which
/// the emulator does not have.
fn options(cable: &Path, accesses: &Path) -> [String; 12] {
    let cable = cable.display();
    [
        "-chardev",
        &format!("socket,id=one,path={cable},server=on,wait=off"),
        "-serial",
        "chardev:one",
        "-chardev",
        &format!("socket,id=other,path={cable}"),
        "-serial",
        "chardev:other",
        "-d",
        "unimp",
        "-D",
        &accesses.display().to_string(),
    ]
    .map(String::from)
}

/// Returns the lines of the two blocks that a source quotes.
fn quoted(source: &str) -> Option<[Vec<&str>; 2]> {
    let mut lines = source.lines().skip(1).map_while(|line| line.strip_prefix("//!"));
    let mut block = || {
        lines.by_ref().find(|line| *line == " ```text")?;
        let lines = lines.by_ref().take_while(|line| *line != " ```");
        Some(lines.map(str::trim_start).collect())
    };
    Some([block()?, block()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "`cargo xtask soak` does it, because it builds the HAL"]
    fn drivers_of_a_hal_work_in_processes() {
        check().unwrap();
    }

    #[test]
    fn the_source_quotes_its_output() {
        let source = fs::read_to_string(workspace::root().join(FOLDER).join("src/main.rs"));
        let source = source.unwrap();
        let [output, outputs] = quoted(&source).unwrap();
        assert_eq!((output.len(), outputs.len()), (8, 3));
        assert!(outputs.iter().all(|line| line.starts_with(OUTPUTS)), "{outputs:?}");
    }
}
