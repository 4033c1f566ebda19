// SPDX-License-Identifier: MIT OR Apache-2.0
//! Building, running and measuring the firmware of a project.

use crate::command::{cargo, run as complete};
use crate::options::Map;
use crate::project::Project;
use crate::{doctor, high_water, page};
use anyhow::{Context, Result, bail};
use cargo_metadata::Message;
use crossgate_link::Span;
use crossgate_link::map::{MemoryMap, StackNeed};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// Runs the firmware, on this machine or on the board.
///
/// # Errors
/// If something is missing, if it can't be built, or if the firmware itself ends with a failure.
pub fn run(on_board: bool, arguments: &[String]) -> Result<()> {
    let project = Project::find()?;
    let mut command = cargo(&project.root);
    command.args(["run", "--package", &project.package]);
    if on_board {
        doctor::check_to_build(project.board)?;
        doctor::check_to_run(project.board)?;
        warn_of_stacks(&StackNeed::from_elf(&build(&project)?)?);
        command.args(["--release", "--target", &project.board.target]);
    }
    complete(command.arg("--").args(arguments))
}

/// Prints a warning for each stack that is smaller than its code needs.
fn warn_of_stacks(needs: &[StackNeed]) {
    for need in needs.iter().filter(|need| need.exceeds()) {
        let StackNeed { name, declared, bytes, path, .. } = need;
        eprintln!(
            "warning: the stack of {} `{name}` has {declared} bytes, but its code needs {bytes} (`stack = {bytes}` in the \
             wiring): {}",
            need.kind(),
            path.join(" -> ")
        );
    }
}

/// Runs all tests on this machine.
///
/// # Errors
/// If a test fails.
pub fn test(arguments: &[String]) -> Result<()> {
    let project = Project::find()?;
    complete(cargo(&project.root).args(["test", "--workspace", "--"]).args(arguments))
}

/// Prints the memory map of the firmware for the board, and writes it into the files that are named.
///
/// # Errors
/// If it can't be built, or a file can't be written.
pub fn map(options: &Map) -> Result<()> {
    let project = Project::find()?;
    let file = build(&project)?;
    let mut map = MemoryMap::from_elf(&file)?;
    if let Some(seconds) = options.run {
        doctor::check_to_run(project.board)?;
        high_water::measure(project.board, &file, &mut map.stacks, Duration::from_secs(seconds))?;
    }
    println!("{map}");
    if let Some(file) = &options.svg {
        write(file, &map.to_svg())?;
    }
    if let Some(file) = &options.html {
        write(file, &page::of(&project.package, &project.board.name, &map)?)?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Prints how much of the memories of the board the firmware takes.
///
/// # Errors
/// If it can't be built.
pub fn size() -> Result<()> {
    let project = Project::find()?;
    let map = MemoryMap::from_elf(&build(&project)?)?;
    let flash = map.constants.iter().map(|(_, span)| span.size()).sum();
    let sum = |spans: &mut dyn Iterator<Item = Span>| -> u64 { spans.map(Span::size).sum() };
    let kernel = sum(&mut map.kernel.iter().map(|(_, span)| *span)) + map.kernel_stack.size();
    let processes = sum(&mut map.processes.iter().filter_map(|process| process.region()));
    let stacks = sum(&mut map.stacks.iter().map(|stack| stack.span));
    println!("{} for {}, in bytes", project.package, project.board.name);
    row("flash", flash, map.flash);
    row("RAM", kernel + processes + stacks, map.ram);
    for (what, size) in [("kernel", kernel), ("processes", processes), ("stacks", stacks)] {
        println!("  {what:<9} {size:>9}");
    }
    Ok(())
}

fn row(memory: &str, used: u64, whole: Span) {
    let percent = 100 * used / whole.size().max(1);
    println!("{memory:<11} {used:>9} of {:>9} ({percent} %)", whole.size());
}

/// Builds the firmware for the board. Returns the ELF file.
///
/// # Errors
/// If something is missing, or if it can't be built.
pub fn build(project: &Project) -> Result<PathBuf> {
    doctor::check_to_build(project.board)?;
    let mut command = cargo(&project.root);
    command.args(["build", "--release", "--package", &project.package]);
    command.args(["--target", &project.board.target]);
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot run cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut file = None;
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message? {
            file = artifact.executable.map(PathBuf::from).or(file);
        }
    }
    if !child.wait()?.success() {
        bail!("the firmware does not build");
    }
    file.with_context(|| format!("the package {} has no program", project.package))
}
