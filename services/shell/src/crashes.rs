// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the shell that show crashes.

use crate::names::Names;
use crate::source::Source;
use crate::view::{BOLD, CYAN, DIM, PLAIN, Printable, RED};
use crate::{Seen, Shown};
use core::fmt::{self, Write};
use crossgate::dump::CrashDump;
use crossgate::fault::FaultRecord;

/// Writes a time since start, which is in µs.
fn time(at: u64, output: &mut dyn Write) -> fmt::Result {
    write!(output, "{DIM}[{:5}.{:03}]{PLAIN} ", at / 1_000_000, at / 1_000 % 1_000)
}

fn record(names: Names, record: &FaultRecord, output: &mut dyn Write) -> fmt::Result {
    output.write_str(RED)?;
    let file = crossgate::fault::panic_file(record);
    console::describe(record, file, names.0, &mut Printable(output))?;
    writeln!(output, "{PLAIN}")
}

/// Shows the crashes that the shell has seen.
pub fn faults<'a>(
    names: Names,
    seen: impl IntoIterator<Item = &'a Seen>,
    output: &mut dyn Write,
) -> Shown {
    let mut are_some = false;
    for seen in seen {
        are_some = true;
        time(seen.at, output)?;
        record(names, &seen.record, output)?;
    }
    if !are_some {
        writeln!(output, "nothing has crashed")?;
    }
    Ok(())
}

/// Shows how often each process has crashed, and its last crash.
pub fn of_each(names: Names, source: &impl Source, output: &mut dyn Write) -> Shown {
    let mut are_some = false;
    for index in names.processes() {
        let (count, last) = source.crashes(index)?;
        if let Some(last) = last {
            are_some = true;
            write!(output, "{CYAN}{:<12.12}{PLAIN} {count:>5}  ", names.process(index))?;
            record(names, &last, output)?;
        }
    }
    if !are_some {
        writeln!(output, "nothing has crashed")?;
    }
    Ok(())
}

/// The number of registers or words in a row.
const IN_A_ROW: usize = 4;
/// The number of digits of an address.
const DIGITS: usize = size_of::<usize>() * 2;

/// Shows the crash dump.
pub fn dump(names: Names, dump: Option<&CrashDump>, output: &mut dyn Write) -> Shown {
    let Some(dump) = dump else {
        writeln!(output, "there is no dump")?;
        return Ok(());
    };
    time(dump.time().as_micros() as u64, output)?;
    if !dump.is_of_this_run() {
        write!(output, "{BOLD}before the last reset:{PLAIN} ")?;
    }
    record(names, &dump.record(), output)?;
    let mut in_row = 0;
    for (name, value) in dump.registers() {
        write!(output, "{CYAN}{name:>5}{PLAIN} {value:0DIGITS$x}")?;
        in_row = next(in_row, output)?;
    }
    if in_row != 0 {
        output.write_char('\n')?;
    }
    in_row = 0;
    for (address, word) in dump.stack() {
        if in_row == 0 {
            write!(output, "{CYAN}{address:0DIGITS$x}{PLAIN} ")?;
        }
        write!(output, " {word:0DIGITS$x}")?;
        in_row = next(in_row, output)?;
    }
    if in_row != 0 {
        output.write_char('\n')?;
    }
    Ok(())
}

/// If the row is full, begins a new row. Returns how many items the present row then has.
fn next(in_row: usize, output: &mut dyn Write) -> Result<usize, fmt::Error> {
    let in_row = (in_row + 1) % if DIGITS > 8 { IN_A_ROW / 2 } else { IN_A_ROW };
    if in_row == 0 {
        output.write_char('\n')?;
    }
    Ok(in_row)
}
