// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks that gdb shows code that was copied for a process like any other code: with the lines of its source, and with
//! the statics of this process. At the same places, the command `crossgate` of gdb prints the threads and their calls.

use crate::workspace::{Firmware, root};
use crate::{command, setup};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;
use workbench::emulator;

/// The system test whose processes use the same library.
pub const FIRMWARE: &str = "copies";
/// A function of the library, and its source file. Each of two processes has a copy of this function.
const FUNCTION: (&str, &str) = ("past", "tests/libraries/tally/src/lib.rs");
/// The processes in the order in which they call this function. Each has the value that the library's static has in
/// this process at the time of the call.
const CALLS: [(&str, u32); 2] = [("left", 103), ("right", 101)];
/// The script with this command.
const SCRIPT: &str = "cargo-crossgate/debugger/crossgate.py";
/// The thread that makes these calls, as this command prints it.
const CALLER: &str = "* witness.main (priority 3): runs";
/// The longest time that gdb may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// The report of gdb at a breakpoint.
#[derive(Debug, PartialEq, Eq)]
struct Stop {
    /// The address of the instruction.
    address: String,
    /// The function, and the line of its source.
    place: String,
    /// The section of the library's static.
    section: String,
    /// The value of the static.
    total: String,
}

/// Checks that gdb stops in each process' copy of a library's function, and that it shows the right source line and the
/// static of this process.
///
/// # Errors
/// If gdb can't be run, or shows something else.
pub fn check(Firmware { file, .. }: &Firmware) -> Result<()> {
    let (function, source) = FUNCTION;
    let mut gdb = Command::new(setup::DEBUGGER);
    gdb.args(["-nx", "-batch"]).arg(file);
    let emulator = command::line(&emulator::debugged_command(file));
    let mut ask = |question: &str| {
        gdb.args(["-ex", question]);
    };
    ask(&format!("source {}", root().join(SCRIPT).display()));
    ask(&format!("target remote | {emulator}"));
    // Without this, the emulator would check each access of gdb with the protection unit, and only for whole pages.
    ask("maintenance packet Qqemu.PhyMemMode:1");
    ask(&format!("break tally::{function}"));
    for _ in CALLS {
        ask("continue");
        ask("echo stop\\n");
        ask("output/x $pc");
        ask("echo \\n");
        ask("frame");
        ask("info symbol &tally::TOTAL");
        ask("output *(&tally::TOTAL as *const u32)");
        ask("echo \\nstopped\\n");
        ask("crossgate");
    }
    ask("kill");
    let finished = command::bounded(&mut gdb, PATIENCE)?;
    let line = line(function, source)?;
    judge(&finished.text, &format!("tally::{function} () at {source}:{line}"))
        .and_then(|()| {
            judge_threads(&finished.text, &format!("tally::{function} at {source}:{line}"))
        })
        .with_context(|| format!("{}\n\n{}", finished.text.trim_end(), command::line(&gdb)))
}

/// Returns the number of the line with the body of a function.
fn line(function: &str, source: &str) -> Result<usize> {
    let text = fs::read_to_string(root().join(source)).with_context(|| source.to_owned())?;
    let head = text.lines().position(|line| line.contains(&format!("fn {function}(")));
    // The first line has the number 1, and the body begins in the line after the head.
    Ok(head.with_context(|| format!("there is no {function} in {source}"))? + 2)
}

/// Checks the output of gdb.
fn judge(output: &str, place: &str) -> Result<()> {
    let stops = output.split("stop\n").skip(1).map(Stop::read).collect::<Result<Vec<_>>>()?;
    ensure!(stops.len() == CALLS.len(), "gdb has not stopped {} times", CALLS.len());
    for ((process, total), stop) in CALLS.iter().zip(&stops) {
        ensure!(
            stop.place == place,
            "in {process} gdb stops in {:?}, not in {place:?}",
            stop.place
        );
        let section = format!(".crossgate.data.{process}");
        ensure!(stop.section == section, "in {process} gdb finds the static in {}", stop.section);
        ensure!(stop.total == total.to_string(), "in {process} the static is {}", stop.total);
    }
    let addresses: BTreeSet<_> = stops.iter().map(|stop| &stop.address).collect();
    ensure!(addresses.len() == CALLS.len(), "gdb stops twice at one address");
    Ok(())
}

/// Checks what the command `crossgate` prints: each of the processes is in the call of the same thread.
fn judge_threads(output: &str, place: &str) -> Result<()> {
    for (process, _) in CALLS {
        let service = process.to_uppercase();
        let calls =
            format!("{CALLER}\n    in {process}, called as {service}: {place}\n    in witness: ");
        ensure!(output.contains(&calls), "gdb prints no thread in a call of {process}:\n{calls}");
    }
    for other in ["kernel.idle (priority 0): ready", "reader.attack (priority 2): ready"] {
        ensure!(output.contains(other), "gdb prints no thread {other}");
    }
    Ok(())
}

impl Stop {
    /// Reads what gdb tells.
    fn read(text: &str) -> Result<Stop> {
        let (told, _) = text.split_once("\nstopped\n").context("gdb does not tell all")?;
        let lines: Vec<_> = told.lines().filter(|line| !line.starts_with("warning: ")).collect();
        let [address, frame, _, symbol, total] = lines.as_slice() else {
            bail!("gdb tells something else: {lines:?}");
        };
        let place = frame.trim_start_matches("#0 ").trim_start();
        let (_, section) = symbol.split_once(" in section ").context("gdb knows no such static")?;
        Ok(Stop {
            address: (*address).to_owned(),
            place: place.to_owned(),
            section: section.to_owned(),
            total: (*total).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Profile, build_programs};
    use workbench::board::Board;

    #[test]
    #[ignore = "`cargo xtask test` does it with the firmware that it has built"]
    fn gdb_stops_in_each_copy() {
        setup::all().unwrap();
        setup::debugger().unwrap();
        let firmware =
            build_programs(&["system-tests"], &[FIRMWARE], Board::reference(), Profile::Dev);
        check(&firmware.unwrap()[0]).unwrap();
    }

    const PLACE: &str = "tally::past () at tests/libraries/tally/src/lib.rs:43";

    /// Returns the correct output of gdb.
    fn told() -> String {
        let stop = |address, (process, total): (&str, u32)| {
            format!(
                "Breakpoint 1.2, {PLACE}\n43\t    text\nstop\n{address}\n#0  {PLACE}\n43\t    text\n\
                 tally::TOTAL in section .crossgate.data.{process}\n{total}\nstopped\n"
            )
        };
        stop("0x5b9a", CALLS[0]) + &stop("0x5c3a", CALLS[1])
    }

    #[test]
    fn everything_that_gdb_tells_counts() {
        judge(&told(), PLACE).unwrap();
        for (wrong, right) in [
            ("0x5b9a", "0x5c3a"),
            (":43\n43\t    text\ntally", ":44\n43\t    text\ntally"),
            ("data.right", "data.left"),
            ("\n101\n", "\n103\n"),
            ("\nstopped\n", "\n"),
        ] {
            assert!(told().contains(wrong), "{wrong}");
            assert!(judge(&told().replace(wrong, right), PLACE).is_err(), "{wrong}");
        }
        assert!(judge("No symbol table is loaded.", PLACE).is_err());
    }
}
