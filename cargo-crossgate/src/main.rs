// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate`: from nothing to a firmware of one's own, and what it then needs every day.
//!
//! The same program is the linker of the firmware, so that nothing else has to be installed: `.cargo/config.toml` of a
//! project names it as the linker and as the runner. Rustc calls a linker with the option `-flavor` first, which is no
//! subcommand.
#![forbid(unsafe_code)]

mod add;
mod board;
mod change_board;
mod command;
mod debug;
mod doctor;
mod firmware;
mod graph;
mod high_water;
mod launch;
mod manifest;
mod new;
mod options;
mod page;
mod places;
mod project;
mod services;
mod source;
mod template;
mod wiring;

use anyhow::Result;
use clap::Parser;
use crossgate_link::{Arguments, link};
use options::{Add, Cargo, Command};
use std::env;
use std::process::ExitCode;

/// The first argument of a linker that is called by rustc.
const LINKER_OPTION: &str = "-flavor";

fn main() -> ExitCode {
    let is_linker = env::args_os().nth(1).is_some_and(|first| first == LINKER_OPTION);
    let result = if is_linker {
        Arguments::new(env::args_os().skip(1)).and_then(|all| link(&all))
    } else {
        let Cargo::Crossgate(options) = Cargo::parse();
        run(options.command)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", if is_linker { "crossgate-link" } else { "error" });
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::New(new) => new::run(&new),
        Command::Add(Add::Process(process)) => add::process(&process),
        Command::Add(Add::Service(service)) => add::service(&service),
        Command::Board(board) => match &board.name {
            Some(name) => change_board::run(name),
            None => change_board::print(),
        },
        Command::Run(run) => firmware::run(run.on_board, &run.arguments),
        Command::Debug(options) => debug::run(&options),
        Command::Test(test) => firmware::test(&test.arguments),
        Command::Map(map) => firmware::map(&map),
        Command::Size => firmware::size(),
        Command::Doctor(doctor) => doctor::run(doctor.board.as_deref()),
        Command::Follow { firmware } => launch::follow(&firmware),
        Command::Launch(launch) => launch::run(&launch.firmware, &launch.arguments),
    }
}
