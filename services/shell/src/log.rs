// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the shell that show the log.

use crate::names::Names;
use crate::source::{LogLine, Source};
use crate::view::{BOLD, CYAN, PLAIN, Printable};
use crate::{Shown, Trouble};
use core::fmt::Write;

use crossgate_log::{History, Level};

/// Shows the log level of each process.
pub fn levels(names: Names, source: &impl Source, output: &mut dyn Write) -> Shown {
    writeln!(output, "{BOLD}{:<12} {:<5}{PLAIN}", "PROCESS", "LEVEL")?;
    for index in names.processes() {
        let level = source.log_level(index)?.ok_or(Trouble::NoLog)?;
        writeln!(output, "{CYAN}{:<12.12}{PLAIN} {}", names.process(index), level.as_str())?;
    }
    Ok(())
}

/// Returns the level with this name.
pub fn find_level(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.as_str().trim_end() == name)
}

/// Shows the lines that the log has kept.
pub fn past(source: &impl Source, output: &mut dyn Write) -> Shown {
    let mut text = LogLine::new();
    for age in (0..<dyn History>::LINES).rev() {
        if let Some(length) = source.log_line(age, &mut text)?.ok_or(Trouble::NoLog)? {
            let line = text.get(..length).unwrap_or(&[]);
            for &byte in line {
                Printable(output).write_char(char::from(byte))?;
            }
            output.write_char('\n')?;
        }
    }
    Ok(())
}
