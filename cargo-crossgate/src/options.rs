// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands and their options.

use crate::board::{self, DEFAULT};
use crate::services::NAMES;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The name of this program, as the linker of a firmware.
pub const LINKER: &str = "cargo-crossgate";

/// Cargo calls `cargo-crossgate` with the name of the subcommand as the first argument.
#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
pub enum Cargo {
    /// Firmware for Crossgate: begin it, run it, look into it
    #[command(version)]
    Crossgate(Options),
}

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a firmware: two processes, their interface, the wiring, and tests
    New(New),
    /// Add a process or a service to this firmware
    #[command(subcommand)]
    Add(Add),
    /// Print the board of this firmware, or let it be for another one
    Board(Board),
    /// Run this firmware, as a program of this machine or on its board
    Run(Run),
    /// Debug this firmware in the emulator or on its board, with gdb
    ///
    /// In gdb, the command `crossgate` prints the threads and the calls that they are in.
    Debug(Debug),
    /// Run the tests of this firmware on this machine
    Test(Test),
    /// Print which process owns which memory of the board
    Map(Map),
    /// Print how much flash and RAM of the board are in use
    Size,
    /// Say what is missing on this machine, and how to get it
    Doctor(Doctor),
    /// Run a file on the board that it was built for; cargo calls this as its runner
    #[command(hide = true)]
    Launch(Launch),
    /// Copy the output of a running firmware, and add places in its source
    #[command(hide = true)]
    Follow {
        /// The ELF file
        firmware: PathBuf,
    },
}

#[derive(Args)]
pub struct New {
    /// The name of the firmware and of its folder: small letters, digits and hyphens
    pub name: String,
    /// The board of the microcontroller
    #[arg(long, default_value = DEFAULT, value_parser = PossibleValuesParser::new(board::values()))]
    pub board: String,
    /// A folder with the source of Crossgate to build with, in place of the published crates
    #[arg(long, value_name = "FOLDER")]
    pub source: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Add {
    /// Add a process: a crate with a thread, and its block in the wiring
    Process(Process),
    /// Add a service, to a process of its own or to one that is there
    Service(Service),
}

#[derive(Args)]
pub struct Process {
    /// The name of the process and of its crate: small letters, digits and underscores
    pub name: String,
    /// The priority of its thread; a larger number is more urgent
    #[arg(long, default_value_t = 1)]
    pub priority: u8,
    /// The stack of its thread, in bytes
    #[arg(long, default_value_t = 1024)]
    pub stack: u32,
}

#[derive(Args)]
pub struct Service {
    /// The kind of the service
    #[arg(value_parser = PossibleValuesParser::new(NAMES))]
    pub kind: String,
    /// The name of the object in the wiring; unless named, that of the kind
    #[arg(long)]
    pub name: Option<String>,
    /// The process that owns the object; unless named, one of its own, with the name of the object
    #[arg(long)]
    pub process: Option<String>,
}

#[derive(Args)]
pub struct Board {
    /// The other board
    #[arg(value_parser = PossibleValuesParser::new(board::values()))]
    pub name: Option<String>,
}

#[derive(Args)]
pub struct Run {
    /// Run it on the board: in its emulator, or by a debug probe
    #[arg(long = "on-board")]
    pub on_board: bool,
    /// Arguments of the firmware's program (such as --help), or of the emulator
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

#[derive(Args)]
pub struct Test {
    /// Arguments of the tests, such as a part of a test's name
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

#[derive(Args)]
pub struct Map {
    /// Also draw the memory into this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Also write a page with the memory, and with a picture of who may call whom, into this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// First run the firmware in the emulator for this time, to show how much of their stacks threads use
    #[arg(long, value_name = "SECONDS", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub run: Option<u64>,
}

#[derive(Args)]
pub struct Debug {
    /// Connect to a server that controls the board, such as `probe-rs gdb` or OpenOCD, in place of an emulator
    #[arg(long, value_name = "HOST:PORT")]
    pub server: Option<String>,
    /// Arguments of gdb
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

#[derive(Args)]
pub struct Doctor {
    /// Check for this board; unless named, for that of the firmware in this folder
    #[arg(long, value_parser = PossibleValuesParser::new(board::values()))]
    pub board: Option<String>,
}

#[derive(Args)]
pub struct Launch {
    /// The ELF file
    pub firmware: PathBuf,
    /// Arguments of the emulator or of the program that writes the file to the board
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}
