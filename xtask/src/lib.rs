// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entrance to the developer's commands. It has no dependencies, so the first command of a fresh clone starts at
//! once: each command is a program of another package, which cargo builds when it is needed. Commands that only write
//! files of the repository are here.

#![forbid(unsafe_code)]

#[cfg(test)]
mod circles;
pub mod commands;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod prose;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod text;
mod writers;

use std::path::Path;

/// Returns the folder of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
