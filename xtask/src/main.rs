//! What a developer runs: `cargo xtask demo`, `test`, `soak`, `bench`, `history`, `worst`, `map`.

mod bench;
mod board;
#[cfg(test)]
mod book;
mod command;
mod copy;
mod demo;
mod emulator;
mod history;
mod keys;
mod lists;
mod machine;
mod map;
mod mutations;
mod panics;
mod parallel;
mod plugin;
mod progress;
mod recording;
mod reproducible;
mod setup;
mod size;
mod soak;
mod symbols;
mod system_tests;
mod test;
mod workspace;
mod worst;

use anyhow::Result;
use board::Board;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Builds, runs, tests and measures Crossgate. What is missing on this machine is installed
/// first, or the way to get it is told.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run the thermostat and show a recorded day of it
    ///
    /// Ends with success if the fan switched at the readings where it has to.
    Demo {
        /// What to run it on
        #[arg(long, value_enum, default_value_t = Board::Hosted)]
        board: Board,
        /// Crash the sensor's process at noon; control has to carry on in safe mode
        #[arg(long)]
        fault: bool,
        /// Print plain lines even on a terminal
        #[arg(long)]
        plain: bool,
        /// How long the day takes
        #[arg(long, value_name = "SECONDS", default_value_t = 25)]
        seconds: u32,
    },
    /// Run every test: format, lints, documentation, on this machine, on the emulated board
    Test,
    /// Run the tests that take long: more interleavings, random system calls, mutations
    ///
    /// A mutation is a patch in tests/mutations that takes a check or another mechanism out. It is applied to
    /// a copy of the workspace, in target/mutations, and the tests that it names have to fail there, which
    /// they must not do without it. All of them take an hour or more.
    Soak {
        /// How long to make random system calls
        #[arg(long, value_name = "MINUTES", default_value_t = 10)]
        minutes: u64,
        /// Only replay the mutations with this text in their GROUP/NAME
        #[arg(long, value_name = "TEXT", conflicts_with = "minutes")]
        mutations: Option<String>,
    },
    /// Measure what the kernel's operations cost
    ///
    /// On the emulated board these are instructions, and an estimate of the cycles that they take, and the kernel's
    /// size is told. On this machine they are nanoseconds, beside what processes of Linux ask each other by: pipes, sockets, and futexes.
    Bench {
        /// The board to measure on
        #[arg(long, value_enum, default_value_t = Board::Mps2An385)]
        board: Board,
        /// Print one JSON object instead of a table
        #[arg(long)]
        json: bool,
        /// Fail if a figure is over its limit
        #[arg(long)]
        check: bool,
    },
    /// Draw the figures of all versions into the book
    ///
    /// They are in book/src/history.json, the picture is book/src/history.svg.
    History {
        /// Measure what is there now, and add it with this name
        #[arg(long, value_name = "VERSION")]
        add: Option<String>,
    },
    /// Look for the longest stretches with interrupts held off
    ///
    /// All system tests, and firmware in which as many threads as there can be have the kernel do the most at
    /// once, run on the emulated board. Told are, for each path of the kernel (the handler of an exception, and
    /// the functions that do the most of what it does), the longest span from the entry of the exception to its
    /// return, in instructions, the firmware that it is of, and its parts by function.
    Worst {
        /// Fail if a span is over its limit
        #[arg(long)]
        check: bool,
        /// Only look at firmware with this text in its name
        #[arg(long, value_name = "TEXT", default_value = "")]
        firmware: String,
    },
    /// Print who owns which memory of the thermostat
    Map {
        /// Also draw it into this file
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Renew what the book has of the lists of system calls, causes and errors
    Book,
    /// Write the recorded day of the demo anew
    RecordDay,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = command::end_all_on_interrupt().and_then(|()| run(arguments.task));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("\nbecause of: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Tells whether all that was checked was as it has to be.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Demo { board, fault, plain, seconds } => {
            demo::run(&demo::Options { board, fault, plain, seconds }).map(|()| true)
        }
        Task::Test => test::run(),
        Task::Soak { mutations: Some(pattern), .. } => soak::replay(&pattern),
        Task::Soak { minutes, mutations: None } => soak::run(minutes),
        Task::Bench { board, json, check } => bench::run(board, json, check).map(|()| true),
        Task::History { add } => history::run(add).map(|()| true),
        Task::Worst { check, firmware } => worst::run(check, &firmware).map(|()| true),
        Task::Map { svg } => map::run(svg.as_deref()).map(|()| true),
        Task::Book => lists::write().map(|()| true),
        Task::RecordDay => recording::write().map(|()| true),
    }
}
