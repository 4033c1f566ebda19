// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of the thermostat, with its owners.

use crate::{progress, setup, workspace};
use anyhow::{Context, Result};
use crossgate_link::map::MemoryMap;
use std::fs;
use std::path::Path;
use workbench::board::Board;

/// Prints the memory map, and writes it as a picture if a file is named.
///
/// # Errors
/// If the thermostat doesn't build or the file can't be written.
pub fn run(board: Board, svg: Option<&Path>) -> Result<()> {
    board.row().map_or(Ok(()), setup::target_of)?;
    let firmware =
        progress::step("building the thermostat", || workspace::build_one("thermostat", board))?;
    let map = MemoryMap::from_elf(&firmware)?;
    println!("{map}");
    if let Some(file) = svg {
        fs::write(file, map.to_svg())
            .with_context(|| format!("cannot write {}", file.display()))?;
        println!("written: {}", file.display());
    }
    Ok(())
}
