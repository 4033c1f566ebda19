// SPDX-License-Identifier: MIT OR Apache-2.0
//! The texts in JSON in the sections of a firmware that are not loaded.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The version of these texts.
pub const VERSION: u64 = 1;

/// Reads a part of the text of a section.
///
/// # Errors
/// If the text is damaged, or is of another version.
pub fn read<T>(section: &str, text: &[u8], part: impl Fn(&Value) -> Result<T>) -> Result<T> {
    let read = || {
        let all: Value = serde_json::from_slice(text)?;
        let version = number(&all, "version")?;
        ensure!(version == VERSION, "it is of version {version}, but {VERSION} is known");
        part(&all)
    };
    read().with_context(|| format!("can't make sense of the section {section}"))
}

/// Returns a member of an object.
///
/// # Errors
/// If it is missing.
pub fn member<'a>(of: &'a Value, name: &str) -> Result<&'a Value> {
    of.get(name).with_context(|| format!("`{name}` is missing"))
}

/// Returns a member that is a text.
///
/// # Errors
/// If it is missing, or something else.
pub fn text(of: &Value, name: &str) -> Result<String> {
    let text = member(of, name)?.as_str();
    Ok(text.with_context(|| format!("`{name}` is no text"))?.to_owned())
}

/// Returns a member that is a number.
///
/// # Errors
/// If it is missing, or something else.
pub fn number(of: &Value, name: &str) -> Result<u64> {
    member(of, name)?.as_u64().with_context(|| format!("`{name}` is no number"))
}

/// Returns the items of a member that is a list.
///
/// # Errors
/// If it is missing, or something else, or if an item can't be read.
pub fn list<T>(of: &Value, name: &str, item: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    let items = member(of, name)?.as_array();
    items.with_context(|| format!("`{name}` is no list"))?.iter().map(item).collect()
}
