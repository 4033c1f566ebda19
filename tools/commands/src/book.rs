// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files of the book that commands read and write.

use crate::workspace;
use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    workspace::root().join("book/src").join(name)
}

/// Returns the text of a file.
///
/// # Errors
/// If it can't be read.
pub fn read(name: &str) -> Result<String> {
    let file = path(name);
    fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// Returns the figures in a JSON file.
///
/// # Errors
/// If it can't be read, or has other contents.
pub fn figures<T: DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_str(&read(name)?).with_context(|| format!("{name} has no figures"))
}

/// Writes a file, and says so.
///
/// # Errors
/// If it can't be written.
pub fn write(name: &str, text: &str) -> Result<()> {
    let file = path(name);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Writes figures to a JSON file, and says so.
///
/// # Errors
/// If it can't be written.
pub fn write_figures(name: &str, figures: &impl Serialize) -> Result<()> {
    write(name, &(serde_json::to_string_pretty(figures)? + "\n"))
}
