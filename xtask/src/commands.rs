// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of the commands. Each is in a file: of `writers`, if it only writes files of the repository, or of the
//! package that the table names.

use crate::writers::{book, manifests};
use std::io;
use std::path::{Path, PathBuf};

/// A command that a package has.
#[derive(Debug)]
pub struct Command {
    /// The word that is typed.
    pub name: &'static str,
    /// The package whose program has it. (A test of that package compares name and text.)
    pub package: &'static str,
    /// A line of description.
    pub what: &'static str,
}

impl Command {
    const fn tool(name: &'static str, what: &'static str) -> Command {
        Command { name, package: "commands", what }
    }

    const fn thermostat(name: &'static str, what: &'static str) -> Command {
        Command { name, package: "thermostat-tools", what }
    }
}

/// The commands that other packages have.
pub const COMMANDS: [Command; 9] = [
    Command::thermostat("demo", "Run the thermostat and show a recorded day of it"),
    Command::thermostat("record-day", "Write the recorded day of the demo again"),
    Command::tool(
        "test",
        "Run every test of the day: format, lints, documentation, on this machine, on the emulated boards",
    ),
    Command::tool(
        "soak",
        "Run the tests that take long: more interleavings, random system calls, mutations",
    ),
    Command::tool("bench", "Measure what the kernel's operations cost"),
    Command::tool(
        "ports",
        "Compare what the kernel's operations cost on the boards, in the book and the README",
    ),
    Command::tool("history", "Draw the figures of all versions into the book"),
    Command::tool("worst", "Look for the longest stretches with interrupts held off"),
    Command::tool("map", "Print which process of the thermostat owns which memory"),
];

/// A command that is implemented here: it updates files in the repository.
#[derive(Debug)]
pub struct Writer {
    /// The word that is typed.
    pub name: &'static str,
    /// A line of description.
    pub what: &'static str,
    /// Runs the command, in the repository at this place. Returns the files that it has changed.
    pub write: fn(&Path) -> io::Result<Vec<PathBuf>>,
}

/// The commands that are implemented here.
pub const WRITERS: [Writer; 2] = [
    Writer {
        name: "manifests",
        what: "Write the programs in src/bin into the manifests of the tests",
        write: manifests::write,
    },
    Writer {
        name: "book",
        what: "Write the lists of system calls, causes and errors into the book",
        write: book::write,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_page_about_the_tools_names_every_command() {
        let page = fs::read_to_string(crate::root().join("tools/README.md")).unwrap();
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let named = COMMANDS.iter().map(|command| command.name);
        for name in named.chain(WRITERS.iter().map(|writer| writer.name)) {
            let name = format!("`{name}`");
            let is_named = rows.iter().any(|row| row.split('|').nth(1).unwrap().contains(&name));
            assert!(is_named, "tools/README.md does not say where {name} is");
        }
    }
}
