// SPDX-License-Identifier: MIT OR Apache-2.0
//! The plugin of the emulator that follows the execution of firmware.

use crate::symbols::Symbols;
use crate::{command, workspace};
use anyhow::{Context, Result, anyhow};
use cargo_metadata::Message;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const PACKAGE: &str = "emulator-plugin";
/// The file that the plugin writes.
const RECORDING: &str = "recording";

/// The plugin, built.
pub struct Plugin(PathBuf);

/// The output of the plugin while a firmware runs.
pub struct Recording {
    options: [String; 2],
    folder: TempDir,
}

impl Plugin {
    /// Builds the plugin.
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

    /// Prepares to record the longest spans of handlers. Each span is one line.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn record_spans(&self, symbols: &Symbols) -> Result<Recording> {
        self.record(symbols, "spans")
    }

    /// Prepares to record the instructions and cycles up to each start of the function at `mark`. Each start is one
    /// line.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn record_cycles(&self, symbols: &Symbols, mark: u32) -> Result<Recording> {
        self.record(symbols, &format!("mark={mark},cycles"))
    }

    fn record(&self, symbols: &Symbols, what: &str) -> Result<Recording> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let functions = folder.path().join("functions");
        fs::write(&functions, symbols.functions().to_text())
            .context("cannot write a temporary file")?;
        let recording = folder.path().join(RECORDING);
        let (plugin, functions, recording) =
            (self.0.display(), functions.display(), recording.display());
        let arguments = format!("{plugin},functions={functions},{what}={recording}");
        Ok(Recording { options: ["-plugin".to_owned(), arguments], folder })
    }
}

impl Recording {
    /// Returns the options for the emulator.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// Returns the recording.
    ///
    /// # Errors
    /// If nothing was recorded.
    pub fn text(&self) -> Result<String> {
        fs::read_to_string(self.folder.path().join(RECORDING)).context("the plugin did not run")
    }
}
