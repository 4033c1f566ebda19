// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests and measures Crossgate: `cargo xtask test`, `soak`, `bench`, `ports`, `history`, `worst`, `map`.

#![forbid(unsafe_code)]

mod aarch64;
mod book;
mod commands;
mod copy;
mod debugger;
mod float_instructions;
mod hal;
mod image;
mod keys;
mod mutants;
mod mutations;
mod panics;
mod parallel;
mod plugin;
mod publishing;
mod reproducible;
mod riscv;
mod size;
mod symbols;
mod system_tests;
mod tls;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use commands::bench::Extent;
use commands::{bench, history, map, ports, soak, test, worst};
use std::path::PathBuf;
use std::process::ExitCode;
use workbench::board::Board;
use workbench::{command, progress, setup};

/// Tests and measures Crossgate. It first installs missing tools, or says how to get them.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test of the day: format, lints, documentation, on this machine, on the emulated boards
    Test {
        /// Only build and run all system tests, the examples and the thermostat on this board
        #[arg(long, value_enum)]
        board: Option<Board>,
    },
    /// Run the tests that take long: more interleavings, random system calls, mutations
    ///
    /// A mutation is a patch in tests/mutations that removes a check or another mechanism. It is applied to a copy of
    /// the workspace in target/mutations. The tests that it names have to fail with the patch, and pass without it. All
    /// mutations together take an hour or more.
    Soak {
        /// How long to make random system calls
        #[arg(long, value_name = "MINUTES", default_value_t = 10)]
        minutes: u64,
        /// Only replay the mutations with this text in their GROUP/NAME
        #[arg(long, value_name = "TEXT", conflicts_with = "minutes")]
        mutations: Option<String>,
        /// Only test this part of the mutants that cargo-mutants makes, such as 0/8: the first of eight
        ///
        /// Cargo-mutants changes each function of the kernel's core and of its dependencies. A mutant that no test
        /// finds has to be in tests/mutants.md. All mutants (0/1) take a night or more.
        #[arg(long, value_name = "PART", conflicts_with_all = ["minutes", "mutations"])]
        mutants: Option<String>,
        /// Only check the packages that crates.io gets
        ///
        /// Each package is built from its own files alone, and so is a firmware of them. The documentation is made as
        /// docs.rs makes it. If cargo-deny, cargo-semver-checks and the oldest compiler are installed, they are used.
        #[arg(long, conflicts_with_all = ["minutes", "mutations", "mutants"])]
        packages: bool,
    },
    /// Measure what the kernel's operations cost
    ///
    /// On an emulated board, the figures are instructions, an estimate of their cycles (except on RISC-V), and the
    /// kernel's size. On this machine, they are nanoseconds, compared with requests between processes of Linux by pipes,
    /// sockets and futexes.
    Bench {
        /// The board to measure on
        #[arg(long, value_enum, default_value_t = Board::reference())]
        board: Board,
        /// Print one JSON object instead of a table
        #[arg(long)]
        json: bool,
        /// Fail if a figure is over its limit
        #[arg(long)]
        check: bool,
        /// Only measure what `cargo xtask test` measures on this board each day
        ///
        /// On the reference board, that is everything. On other boards, these are the programs of the benchmark that the
        /// board's row in boards/table/boards.toml has in `daily`.
        #[arg(long)]
        daily: bool,
        /// Only print how large a minimal client of TLS is, which the chapter about the network rules out
        #[arg(long, conflicts_with_all = ["board", "json", "check", "daily"])]
        tls: bool,
    },
    /// Compare what the kernel's operations cost on the boards, in the book and the README
    ///
    /// The figures are in book/src/ports.json. They are written into the table in book/src/figures.md, and drawn as
    /// book/src/ports.svg.
    Ports {
        /// Measure these boards first; without a name, all boards
        #[arg(long, value_name = "BOARD", value_enum, num_args = 0..)]
        measure: Option<Vec<Board>>,
    },
    /// Draw the figures of all versions into the book
    ///
    /// The figures are in book/src/history.json, and the picture is book/src/history.svg.
    History {
        /// Measure what is there now, and add it with this name
        #[arg(long, value_name = "VERSION")]
        add: Option<String>,
    },
    /// Look for the longest stretches with interrupts held off
    ///
    /// All system tests run on an emulated board, and also firmware in which as many threads as possible make the
    /// kernel do as much work as possible at once. A path of the kernel is the handler of an exception and the
    /// functions in which it spends most instructions. For each path, the command prints the longest span from the
    /// entry of the exception to its return in instructions, the firmware with this span, and its parts by function.
    Worst {
        /// The board to measure on, a microcontroller
        #[arg(long, value_enum, default_value_t = Board::reference())]
        board: Board,
        /// Fail if a span is over its limit
        #[arg(long)]
        check: bool,
        /// Only look at firmware with this text in its name
        #[arg(long, value_name = "TEXT", default_value = "")]
        firmware: String,
    },
    /// Print which process of the thermostat owns which memory
    Map {
        /// The board for which it is linked, a microcontroller
        #[arg(long, value_enum, default_value_t = Board::reference())]
        board: Board,
        /// Also draw it into this file
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    workbench::run(|| run(arguments.task))
}

/// Returns whether all checks have passed.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Test { board: None } => test::run(),
        Task::Test { board: Some(board) } => test::run_on(board),
        Task::Soak { mutations: Some(pattern), .. } => soak::replay(&pattern),
        Task::Soak { mutants: Some(part), .. } => soak::mutants(&part),
        Task::Soak { packages: true, .. } => Ok(soak::packages()),
        Task::Soak { minutes, mutations: None, mutants: None, packages: false } => {
            soak::run(minutes)
        }
        Task::Bench { tls: true, .. } => tls::print().map(|()| true),
        Task::Bench { board, json, check, daily, tls: false } => {
            let extent = if daily { Extent::Daily } else { Extent::Whole };
            bench::run(board, extent, json, check).map(|()| true)
        }
        Task::Ports { measure } => ports::run(measure).map(|()| true),
        Task::History { add } => history::run(add).map(|()| true),
        Task::Worst { board, check, firmware } => {
            worst::run(board, check, &firmware).map(|()| true)
        }
        Task::Map { board, svg } => map::run(board, svg.as_deref()).map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_door_names_these_commands() {
        let commands = super::Arguments::command();
        let commands = commands.get_subcommands();
        let here: Vec<_> = commands
            .map(|command| (command.get_name(), command.get_about().unwrap().to_string()))
            .collect();
        let named = xtask::commands::COMMANDS
            .iter()
            .filter(|command| command.package == env!("CARGO_PKG_NAME"));
        let named: Vec<_> = named.map(|command| (command.name, command.what.to_owned())).collect();
        assert_eq!(here, named);
    }
}
