// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crates of Crossgate on which a firmware depends.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, InlineTable, Item, Value};

/// The version of all crates, which is also that of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The place from which cargo takes the crates.
pub enum Source {
    /// The registry has them.
    Registry,
    /// They are in a copy of the repository: the folder of each package, by its name.
    Folders(BTreeMap<String, PathBuf>),
}

impl Source {
    /// Returns the source in this folder; or without a folder that in which this program was built, or the registry.
    ///
    /// # Errors
    /// If the folder has no source.
    pub fn new(folder: Option<&Path>) -> Result<Source> {
        if let Some(folder) = folder {
            return Source::of(folder).with_context(|| {
                format!(
                    "{} has no source of Crossgate, or one that can't be read",
                    folder.display()
                )
            });
        }
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        Ok(built_in.and_then(|root| Source::of(root).ok()).unwrap_or(Source::Registry))
    }

    fn of(folder: &Path) -> Result<Source> {
        let root = fs::canonicalize(folder)?;
        let manifest: DocumentMut = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
        let rows = manifest.get("workspace").and_then(|it| it.get("dependencies"));
        let rows =
            rows.and_then(Item::as_table_like).context("its workspace has no dependencies")?;
        let packages = rows.iter().filter_map(|(name, row)| {
            let text = |key| row.get(key).and_then(Item::as_str);
            // Some rows have the name of the library, not that of the package.
            Some((text("package").unwrap_or(name).to_owned(), root.join(text("path")?)))
        });
        let source = Source::Folders(packages.collect());
        source.dependency("crossgate")?;
        Ok(source)
    }

    /// Returns the value in `[workspace.dependencies]` for a package.
    ///
    /// # Errors
    /// If the source has no such package.
    pub fn dependency(&self, package: &str) -> Result<Value> {
        let Source::Folders(packages) = self else { return Ok(VERSION.into()) };
        let path =
            packages.get(package).with_context(|| format!("it has no package `{package}`"))?;
        ensure!(path.is_dir(), "{} is missing", path.display());
        let mut table = InlineTable::new();
        table.insert("version", VERSION.into());
        table.insert("path", path.to_string_lossy().into_owned().into());
        Ok(table.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_name() {
        let source = Source::new(None).unwrap();
        for (package, end) in
            [("crossgate", "/crossgate"), ("crossgate-console", "/services/console")]
        {
            let dependency = source.dependency(package).unwrap();
            let path = dependency.as_inline_table().unwrap()["path"].as_str().unwrap().to_owned();
            assert!(path.ends_with(end), "{path}");
        }
        assert!(source.dependency("nothing").is_err());
        assert!(Source::new(Some(Path::new("/nowhere"))).is_err());
    }

    #[test]
    fn published_crates_have_a_version() {
        assert_eq!(Source::Registry.dependency("crossgate").unwrap().as_str(), Some(VERSION));
    }
}
