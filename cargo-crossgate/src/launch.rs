// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate launch`, the runner of cargo: runs a file on the board that it was built for.

use crate::doctor;
use crate::places::Places;
use anyhow::{Context, Result, bail};
use crossgate_boards::{Row, name_in};
use std::io::{IsTerminal, PipeWriter, pipe, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Runs the firmware in the emulator of its board, or writes it to the board. Does not return if this can be begun: the
/// other program takes the place of this one.
///
/// # Errors
/// If the file is no firmware, or if a program is missing.
pub fn run(firmware: &Path, arguments: &[String]) -> Result<()> {
    let image =
        fs::read(firmware).with_context(|| format!("cannot read {}", firmware.display()))?;
    let name = name_in(&image).with_context(|| {
        format!(
            "{} does not say which board it is for: its memory.x defines no symbol crossgate_board_is_NAME",
            firmware.display()
        )
    })?;
    let board = crate::board::named(&name)?;
    doctor::check_to_run(board)?;
    let mut command = command(board, firmware)?;
    if board.machine.is_some() && stdout().is_terminal() {
        eprintln!(
            "{name} in the emulator: Ctrl-A X ends it, because a firmware does not end by itself."
        );
    }
    command.args(arguments);
    let program = command.get_program().to_string_lossy().into_owned();
    let cannot = || format!("cannot run `{program}`");
    // (A program that writes to a board shows more of it than text.)
    if board.machine.is_some() {
        command.stdout(follower(firmware).with_context(cannot)?);
    }
    Err(command.exec()).with_context(cannot)
}

/// Starts this program once more, to [follow] the output of a firmware. Returns the other end of its input. (The
/// emulator takes the place of the first program, so that whoever ends that one ends the emulator.)
///
/// # Errors
/// If it can't be started.
pub fn follower(firmware: &Path) -> Result<PipeWriter> {
    let (input, output) = pipe()?;
    let mut follower = Command::new(env::current_exe()?);
    follower.args(["crossgate", "follow"]).arg(firmware).stdin(input).spawn()?;
    Ok(output)
}

/// Copies its input to its output, and adds the places in the source of the instructions in it.
///
/// # Errors
/// If nothing can be read or written.
pub fn follow(firmware: &Path) -> Result<()> {
    Places::of(firmware).follow(stdin(), stdout())
}

/// Returns the command that runs a file on a board.
///
/// # Errors
/// If no program is known that does.
pub fn command(board: &Row, firmware: &Path) -> Result<Command> {
    let Some(machine) = &board.machine else {
        let Some(runner) = &board.runner else {
            bail!(
                "no program is known that writes firmware to the board {}; the chapter \"Boards\" of the book says how to \
                 do it by hand. The file is {}",
                board.name,
                firmware.display()
            );
        };
        let mut words = runner.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(firmware);
        return Ok(command);
    };
    let mut command = Command::new(board.emulator());
    command.args(board.emulator_options());
    command.args(["-M", machine, "-nographic"]);
    command.args(["-semihosting-config", "enable=on,target=native,userspace=on", "-kernel"]);
    command.arg(firmware);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(board: &str) -> Result<Vec<String>> {
        let command = command(crate::board::named(board)?, Path::new("file"))?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        Ok(words.map(|word| word.to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn each_board_has_its_way() {
        let emulated = words("virt").unwrap();
        assert_eq!(emulated[..3], ["qemu-system-riscv32", "-bios", "none"]);
        assert!(emulated.windows(2).any(|it| it == ["-M", "virt"]), "{emulated:?}");
        assert_eq!(words("pico-2").unwrap(), ["probe-rs", "run", "--chip", "RP235x", "file"]);
        let error = words("esp32-c3-devkitm-1").unwrap_err().to_string();
        assert!(error.contains("the book says how"), "{error}");
    }
}
