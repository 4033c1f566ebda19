// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs firmware on an emulated board.

use crate::command;
use anyhow::Result;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The end of a firmware that ends by itself.
pub struct Finished {
    /// `true` if it reported success.
    pub success: bool,
    /// The output on the first serial line, and that of the emulator.
    pub output: String,
}

/// Runs a firmware that ends by itself (by semihosting), for at most `patience`, with further options for the emulator.
///
/// Its time does not depend on the load of this machine: each instruction takes 1 ns, and when the CPU sleeps, time
/// jumps to the next interrupt.
///
/// # Errors
/// If the emulator can't be run. A firmware that doesn't end is no success, but no error either.
pub fn run(firmware: &Path, options: &[&str], patience: Duration) -> Result<Finished> {
    let mut output = command::bounded(&mut run_command(firmware, options), patience)?;
    if output.status.is_none() {
        output.text += &format!("\nstopped after {} s: it did not end\n", patience.as_secs());
    }
    let success = output.status.is_some_and(|status| status.success());
    Ok(Finished { success, output: output.text })
}

/// Returns the command that [`run`] runs.
pub fn run_command(firmware: &Path, options: &[&str]) -> Command {
    let mut command = runner(crate::root());
    command.arg(firmware).args(options);
    command
}

/// Returns the first part of this command, without the firmware. It reads the table of boards of the workspace in `root`.
pub fn runner(root: &Path) -> Command {
    emulator(root, &["-serial", "stdio"])
}

/// Returns the command by which gdb debugs a firmware (`target remote | COMMAND`). The firmware waits for gdb. Its
/// output on serial lines is dropped.
pub fn debugged_command(firmware: &Path) -> Command {
    let mut command = emulator(crate::root(), &["-serial", "null", "-gdb", "stdio", "-S"]);
    command.arg(firmware);
    command
}

fn emulator(root: &Path, options: &[&str]) -> Command {
    // The script chooses the emulator of the board that the firmware was built for.
    let mut command = Command::new(root.join("boards/emulate"));
    command.args(["-display", "none", "-monitor", "none"]);
    command.args(options);
    command.args(["-semihosting-config", "enable=on,target=native,userspace=on"]);
    command.args(["-icount", "shift=0,sleep=off"]);
    command.arg("-kernel");
    command
}
