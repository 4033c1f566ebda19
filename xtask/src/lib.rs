// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entrance to the developer's commands. It has no dependencies, so the first command of a fresh clone starts at
//! once: each command is a program of another package, which cargo builds when it is needed. Commands that only write
//! files of the repository are here.

#![forbid(unsafe_code)]

#[cfg(test)]
mod book;
mod lists;
mod manifests;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod sources;

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
    const fn audit(name: &'static str, what: &'static str) -> Command {
        Command { name, package: "audit", what }
    }

    const fn thermostat(name: &'static str, what: &'static str) -> Command {
        Command { name, package: "thermostat-tools", what }
    }
}

/// The commands that other packages have.
pub const COMMANDS: [Command; 8] = [
    Command::thermostat("demo", "Run the thermostat and show a recorded day of it"),
    Command::thermostat("record-day", "Write the recorded day of the demo anew"),
    Command::audit(
        "test",
        "Run every test: format, lints, documentation, on this machine, on the emulated board",
    ),
    Command::audit(
        "soak",
        "Run the tests that take long: more interleavings, random system calls, mutations",
    ),
    Command::audit("bench", "Measure what the kernel's operations cost"),
    Command::audit("history", "Draw the figures of all versions into the book"),
    Command::audit("worst", "Look for the longest stretches with interrupts held off"),
    Command::audit("map", "Print who owns which memory of the thermostat"),
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
        write: lists::write,
    },
];

/// Returns the folder of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
