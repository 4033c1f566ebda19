// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plays a recorded day to the thermostat and shows it: `cargo xtask demo`, `record-day`.

#![forbid(unsafe_code)]

mod chart;
mod day;
mod expected;
mod machine;
mod observed;
mod recording;
mod view;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workbench::board::Board;

/// The thermostat's recorded day. It first installs missing tools, or says how to get them.
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
        /// The board to run it on
        #[arg(long, value_enum, default_value_t = Board::Hosted)]
        board: Board,
        /// Crash the sensor's process at noon; control has to carry on in safe mode
        #[arg(long)]
        fault: bool,
        /// Print plain lines even on a terminal
        #[arg(long)]
        plain: bool,
        /// The time that the day takes; 0 is as fast as it goes
        #[arg(long, value_name = "SECONDS", default_value_t = 25)]
        seconds: u32,
    },
    /// Write the recorded day of the demo again
    RecordDay,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    workbench::run(|| run(arguments.task).map(|()| true))
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo { board, fault, plain, seconds } => {
            day::run(&day::Options { board, fault, plain, seconds })
        }
        Task::RecordDay => recording::write(),
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
