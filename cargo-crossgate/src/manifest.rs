// SPDX-License-Identifier: MIT OR Apache-2.0
//! The manifests of a firmware that is there.

use crate::source::Source;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table};

/// Returns the row of a package, by that of the crate `crossgate`: cargo takes all crates of Crossgate from one place.
///
/// # Errors
/// If there is no row of `crossgate`, or if its source lacks the package.
pub fn row(dependencies: &Table, root: &Path, package: &str) -> Result<Item> {
    let crossgate =
        dependencies.get("crossgate").context("the workspace does not depend on `crossgate`")?;
    match crossgate.get("path").and_then(Item::as_str) {
        Some(path) => {
            let source = root.join(path);
            let source = Source::new(Some(source.parent().unwrap_or(root)))?;
            Ok(Item::Value(source.dependency(package)?))
        }
        None => Ok(crossgate.clone()),
    }
}

/// Returns a table of a manifest.
///
/// # Errors
/// If it has no such table.
pub fn table<'a>(document: &'a mut DocumentMut, path: &[&str]) -> Result<&'a mut Table> {
    let mut table = document.as_table_mut();
    for name in path {
        let next = table.get_mut(name).and_then(Item::as_table_mut);
        table =
            next.with_context(|| format!("there is no [{}] in a Cargo.toml", path.join(".")))?;
    }
    Ok(table)
}

/// Reads a manifest, or a file of settings.
///
/// # Errors
/// If it can't be read.
pub fn manifest(file: &Path) -> Result<DocumentMut> {
    read(file)?.parse().with_context(|| format!("{} can't be read", file.display()))
}

/// Reads a file.
///
/// # Errors
/// If it can't be read.
pub fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_from_where_crossgate_is_from() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (crossgate, expected) in [
            ("\"0.1.7\"", "0.1.7"),
            ("{ git = \"https://example.org/crossgate\", rev = \"1\" }", "rev = \"1\""),
            ("{ path = \"../crossgate\" }", "/services/queue"),
        ] {
            let text = format!("crossgate = {crossgate}\n");
            let dependencies: DocumentMut = text.parse().unwrap();
            let row = row(&dependencies, root, "crossgate-queue").unwrap().to_string();
            assert!(row.contains(expected), "{row}");
        }
        assert!(row(&Table::new(), root, "crossgate-queue").is_err());
    }
}
