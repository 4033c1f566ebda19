// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask COMMAND`: runs the program that has the command, or prints the list of commands.

#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{self, ExitCode};
use xtask::commands::{COMMANDS, WRITERS, Writer};
use xtask::root;

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
    // `help COMMAND` is `COMMAND --help`.
    if arguments.len() > 1 && arguments[0] == "help" {
        arguments = vec![arguments.remove(1), "--help".into()];
    }
    let Some(name) = arguments.first() else {
        eprintln!("{}", help());
        return ExitCode::from(2);
    };
    if let Some(command) = COMMANDS.iter().find(|command| name == command.name) {
        return hand_over(command.package, &arguments);
    }
    if let Some(writer) = WRITERS.iter().find(|writer| name == writer.name) {
        return write(writer);
    }
    match name.to_string_lossy().as_ref() {
        "help" | "--help" | "-h" => {
            println!("{}", help());
            ExitCode::SUCCESS
        }
        name => {
            eprintln!("error: there is no command {name}\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

/// Becomes the program of another package, through cargo.
fn hand_over(package: &str, arguments: &[OsString]) -> ExitCode {
    let mut cargo = process::Command::new("cargo");
    cargo.current_dir(root()).args(["run", "--package", package, "--"]).args(arguments);
    let error = cargo.exec();
    eprintln!("error: cannot run cargo: {error}");
    ExitCode::FAILURE
}

fn write(writer: &Writer) -> ExitCode {
    match (writer.write)(root()) {
        Ok(changed) => {
            changed.iter().for_each(|file| println!("written: {}", file.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let commands = COMMANDS.iter().map(|command| (command.name, command.what));
    let writers = WRITERS.iter().map(|writer| (writer.name, writer.what));
    let commands: String =
        commands.chain(writers).map(|(name, what)| format!("\n  {name:<12}{what}")).collect();
    format!(
        "Builds, runs, tests and measures Crossgate. A command builds the tools that it needs.\n\n\
         Usage: cargo xtask COMMAND [OPTIONS]\n\nCommands:{commands}\n\n\
         `cargo xtask COMMAND --help` lists the options of a command."
    )
}
