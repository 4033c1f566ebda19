// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate debug`: the firmware in gdb, which then knows the threads and their calls.

use crate::command::line;
use crate::options::Debug;
use crate::project::Project;
use crate::{doctor, firmware, launch};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The script that adds the command `crossgate` to gdb.
const SCRIPT: (&str, &str) = ("crossgate.py", include_str!("../debugger/crossgate.py"));
/// Lets the emulator show all memory. Otherwise it would check each access of gdb with the protection unit. (On the machines
/// of an ARMv8-M, the emulator finds no memory of the Secure state in this way.)
const PHYSICAL: &str = "maintenance packet Qqemu.PhyMemMode:1";

/// Builds the firmware, and starts gdb with it. Does not return if this can be begun: gdb takes the place of this program.
///
/// # Errors
/// If something is missing, or if the firmware can't be built.
pub fn run(options: &Debug) -> Result<()> {
    let project = Project::find()?;
    let debugger = doctor::find_debugger()?;
    let file = firmware::build(&project)?;
    let (name, text) = SCRIPT;
    let script = project.root.join("target").join(name);
    fs::write(&script, text).with_context(|| format!("cannot write {}", script.display()))?;
    let mut gdb = Command::new(debugger);
    gdb.arg("-quiet").arg(&file);
    let mut execute = |command: &str| {
        gdb.args(["-ex", command]);
    };
    execute(&format!("source {}", script.display()));
    match &options.server {
        Some(server) => execute(&format!("target extended-remote {server}")),
        None => {
            ensure!(
                project.board.machine.is_some(),
                "no emulator has the board {}; start a server that controls it, such as `probe-rs gdb`, and name its port: \
                 `--server localhost:1337`",
                project.board.name
            );
            doctor::check_to_run(project.board)?;
            execute(&format!("target remote | {}", emulator(&project, &file)?));
            if !project.board.target.starts_with("thumbv8m") {
                execute(PHYSICAL);
            }
        }
    }
    execute("echo `crossgate` prints the threads and the calls that they are in.\\n");
    Err(gdb.args(&options.arguments).exec()).with_context(|| format!("cannot run `{debugger}`"))
}

/// Returns the command by which gdb starts the emulator, which talks to gdb in place of the terminal. The firmware waits for
/// gdb.
fn emulator(project: &Project, file: &Path) -> Result<String> {
    let mut emulator = launch::command(project.board, file)?;
    emulator.args(["-monitor", "none", "-serial", "null", "-gdb", "stdio", "-S"]);
    Ok(line(&emulator))
}
