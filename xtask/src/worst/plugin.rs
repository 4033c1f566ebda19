//! The plugin of the emulator that finds the spans.

use super::symbols::Symbols;
use crate::{command, workspace};
use anyhow::{Context, Result, anyhow};
use cargo_metadata::Message;
use handler_spans::Span;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const PACKAGE: &str = "emulator-plugin";

/// The plugin, built.
pub struct Plugin(PathBuf);

/// What it writes while a firmware runs.
pub struct Recording {
    options: [String; 2],
    folder: TempDir,
}

impl Plugin {
    /// Builds it.
    ///
    /// # Errors
    /// If it does not build.
    pub fn build() -> Result<Plugin> {
        let mut build = workspace::cargo();
        build.args(["build", "--release", "--package", PACKAGE]);
        let output = command::run(build.arg("--message-format=json-render-diagnostics"))?;
        for message in Message::parse_stream(output.stdout.as_slice()) {
            if let Message::CompilerArtifact(artifact) = message?
                && artifact.target.is_cdylib()
                && let Some(file) = artifact.filenames.into_iter().next()
            {
                return Ok(Plugin(file.into()));
            }
        }
        Err(anyhow!("the package {PACKAGE} has no library"))
    }

    /// Prepares to record a firmware with these functions.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn record(&self, symbols: &Symbols) -> Result<Recording> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let functions = folder.path().join("functions");
        fs::write(&functions, symbols.functions().to_text())
            .context("cannot write a temporary file")?;
        let spans = folder.path().join("spans");
        let plugin = self.0.display();
        let arguments =
            format!("{plugin},functions={},spans={}", functions.display(), spans.display());
        Ok(Recording { options: ["-plugin".to_owned(), arguments], folder })
    }
}

impl Recording {
    /// What the emulator is to be told.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// What was recorded: spans, each the longest of its path so far.
    ///
    /// # Errors
    /// If there is something else in the file.
    pub fn spans(&self) -> Result<Vec<Span>> {
        let text = fs::read_to_string(self.folder.path().join("spans"))
            .context("the plugin did not run")?;
        text.lines().map(|line| line.parse().map_err(|why| anyhow!("{why}"))).collect()
    }
}
