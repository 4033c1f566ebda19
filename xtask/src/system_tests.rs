//! Tests that are firmware: each is a program of its own, and passes if it ends with success.

use crate::{command, emulator, setup, workspace};
use anyhow::Result;
use std::time::Duration;
use workspace::Firmware;

/// The package with the tests.
const PACKAGE: &str = "system-tests";
/// How long a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds all tests.
///
/// # Errors
/// If they don't build.
pub fn build() -> Result<Vec<Firmware>> {
    workspace::build(PACKAGE)
}

/// Runs a test.
///
/// # Errors
/// If it fails; the text has its output and the commands to repeat it.
pub fn run(test: &Firmware) -> Result<()> {
    let finished = emulator::run(&test.file, PATIENCE)?;
    if finished.success {
        return Ok(());
    }
    anyhow::bail!(
        "{}\n\nTo repeat it:\ncargo build --release --target {} -p {PACKAGE} --bin {}\n{}",
        finished.output.trim_end(),
        setup::TARGET,
        test.name,
        command::line(&emulator::run_command(&test.file))
    )
}
