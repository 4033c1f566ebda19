//! Tests that are firmware: each is a program of its own, and passes if it ends with success.

use crate::board::Board;
use crate::{command, emulator, setup, workspace};
use anyhow::Result;
use std::time::Duration;
use workspace::{Firmware, Profile};

/// The packages with the tests: those for every board, and those for this one.
const PACKAGES: [&str; 2] = ["system-tests", "system-tests-cortex-m"];
/// How long a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds all tests in this profile.
///
/// # Errors
/// If they don't build.
pub fn build(profile: Profile) -> Result<Vec<Firmware>> {
    let mut tests = Vec::new();
    for package in PACKAGES {
        tests.append(&mut workspace::build(package, Board::Mps2An385, profile)?);
    }
    Ok(tests)
}

/// Runs a test.
///
/// # Errors
/// If it fails; the text has its output and the commands to repeat it.
pub fn run(test: &Firmware, profile: Profile) -> Result<()> {
    let finished = emulator::run(&test.file, PATIENCE)?;
    if finished.success {
        return Ok(());
    }
    anyhow::bail!(
        "{}\n\nTo repeat it:\ncargo build --profile {} --target {} --bin {}\n{}",
        finished.output.trim_end(),
        profile.name(),
        setup::TARGET,
        test.name,
        command::line(&emulator::run_command(&test.file))
    )
}
