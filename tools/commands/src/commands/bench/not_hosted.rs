// SPDX-License-Identifier: MIT OR Apache-2.0
//! The benchmark on a machine that can't run firmware as a program.

use anyhow::{Result, bail};

const WHY: &str =
    "firmware runs hosted on Linux only; `--board mps2-an385` measures on the emulated board";

/// Returns an error that says so.
///
/// # Errors
/// Always.
pub fn run(_as_json: bool, _check: bool) -> Result<()> {
    bail!(WHY)
}

/// As for [`run`].
///
/// # Errors
/// Always.
pub fn check() -> Result<()> {
    bail!(WHY)
}
