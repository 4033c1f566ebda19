// SPDX-License-Identifier: MIT OR Apache-2.0
//! A part of a chapter that is written by `cargo xtask ports`: a table between two lines.

use anyhow::{Context, Result};

/// Returns the chapter with this table between the two lines.
///
/// # Errors
/// If the chapter has no place for the table.
pub fn renew(chapter: &str, [start, end]: [&str; 2], table: &str) -> Result<String> {
    let missing = || format!("the chapter has no {start}");
    let (before, rest) = chapter.split_once(start).with_context(missing)?;
    let (_, after) = rest.split_once(end).context("the table has no end")?;
    Ok(format!("{before}{start}\n{table}\n{end}{after}"))
}

/// Returns a line of a table.
pub fn line(first: &str, others: impl Iterator<Item = String>) -> String {
    others.fold(format!("| {first} |"), |line, cell| format!("{line} {cell} |")) + "\n"
}
