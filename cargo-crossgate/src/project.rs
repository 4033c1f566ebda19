// SPDX-License-Identifier: MIT OR Apache-2.0
//! The firmware in whose folder the program was started.

use crate::board;
use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use crossgate_boards::Row;
use std::env;
use std::path::PathBuf;

/// The package whose build script makes a package a firmware.
const LINK: &str = "crossgate-link";

/// A firmware in its workspace.
pub struct Project {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The folder of the package with the wiring.
    pub folder: PathBuf,
    /// The name of this package.
    pub package: String,
    /// The names of all packages.
    pub packages: Vec<String>,
    /// The board.
    pub board: &'static Row,
}

impl Project {
    /// Finds the firmware of the workspace around the present folder; if there are several, the one in this folder.
    ///
    /// # Errors
    /// If there is no firmware, or no board.
    pub fn find() -> Result<Project> {
        let metadata = MetadataCommand::new().no_deps().exec();
        let metadata = metadata.map_err(|error| match error {
            cargo_metadata::Error::CargoMetadata { stderr } => anyhow::anyhow!("{}", stderr.trim()),
            other => other.into(),
        });
        let metadata = metadata.context(
            "this is no folder of a firmware; `cargo crossgate new NAME` makes one, then `cd NAME`",
        )?;
        let all = metadata.workspace_packages();
        let firmware: Vec<_> = all.iter().filter(|package| is_firmware(package)).collect();
        let folder_of = |package: &Package| {
            package.manifest_path.parent().map(|it| it.as_std_path().to_owned()).unwrap_or_default()
        };
        let here = env::current_dir().context("the present folder is not there any more")?;
        let package = match firmware[..] {
            [] => bail!(
                "no package of this workspace is a firmware: a firmware has `{LINK}` among its \
                 [build-dependencies]; `cargo crossgate new NAME` makes one"
            ),
            [only] => only,
            _ => *firmware
                .iter()
                .find(|package| here.starts_with(folder_of(package)))
                .with_context(|| {
                    let names: Vec<_> = firmware.iter().map(|it| it.name.as_str()).collect();
                    format!(
                        "this workspace has several firmwares ({}): go into the folder of one",
                        names.join(", ")
                    )
                })?,
        };
        let name = metadata.workspace_metadata["crossgate"]["board"].as_str().context(
            "the workspace names no board: add to its Cargo.toml\n\n  \
             [workspace.metadata.crossgate]\n  board = \"mps2-an385\"\n",
        )?;
        Ok(Project {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            folder: folder_of(package),
            package: package.name.to_string(),
            packages: all.iter().map(|package| package.name.to_string()).collect(),
            board: board::named(name)?,
        })
    }

    /// Returns the file with the wiring.
    ///
    /// # Errors
    /// If it is missing.
    pub fn wiring(&self) -> Result<PathBuf> {
        let file = self.folder.join("src/main.rs");
        ensure!(file.exists(), "{} is missing, which has the wiring", file.display());
        Ok(file)
    }
}

fn is_firmware(package: &Package) -> bool {
    let is_link =
        |it: &cargo_metadata::Dependency| it.name == LINK && it.kind == DependencyKind::Build;
    package.dependencies.iter().any(is_link)
        && package.targets.iter().any(cargo_metadata::Target::is_bin)
}
