// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a new firmware and of a new process.

use anyhow::{Context, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of a template: its path, and its text with expressions in braces.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../template/", $folder, "/", $path, ".jinja")))),*]
    };
}

/// The files of a firmware.
pub const FIRMWARE: &[File] = files!("firmware":
    ".cargo/config.toml",
    ".gitignore",
    ".vscode/extensions.json",
    ".vscode/launch.json",
    ".vscode/tasks.json",
    "Cargo.toml",
    "README.md",
    "board/Cargo.toml",
    "board/src/lib.rs",
    "control/Cargo.toml",
    "control/src/lib.rs",
    "firmware/Cargo.toml",
    "firmware/build.rs",
    "firmware/src/main.rs",
    "firmware/tests/hosted.rs",
    "interfaces/Cargo.toml",
    "interfaces/src/lib.rs",
    "rustfmt.toml",
    "sensor/Cargo.toml",
    "sensor/src/lib.rs",
);

/// The files of a process.
pub const PROCESS: &[File] = files!("process": "Cargo.toml", "src/lib.rs");

/// Returns the paths and the texts of files, with these values in the place of the expressions.
///
/// # Errors
/// If a file uses a value that is missing.
pub fn render(files: &[File], values: &impl Serialize) -> Result<Vec<(PathBuf, String)>> {
    files.iter().map(|file| Ok((PathBuf::from(file.0), render_one(file, values)?))).collect()
}

/// Returns the text of a file, as above. In a file whose name ends in `.html`, no value can add an element.
///
/// # Errors
/// If the file uses a value that is missing.
pub fn render_one((path, text): &File, values: &impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    environment.set_syntax(syntax.context("the syntax of the templates")?);
    environment.render_named_str(path, text, Serde(values)).with_context(|| (*path).to_owned())
}

/// Writes files into a folder.
///
/// # Errors
/// If a file can't be written.
pub fn write(folder: &Path, files: &[(PathBuf, String)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let cannot = || format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(cannot)?;
        }
        fs::write(&path, text).with_context(cannot)?;
    }
    Ok(())
}
