// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a machine that firmware can't run on.

use anyhow::{Result, bail};

const WHY: &str =
    "firmware runs hosted on Linux only; `--board mps2-an385` measures on the emulated board";

/// Says so.
///
/// # Errors
/// Always.
pub fn run(_as_json: bool, _check: bool) -> Result<()> {
    bail!(WHY)
}

/// As [`run`].
///
/// # Errors
/// Always.
pub fn check() -> Result<()> {
    bail!(WHY)
}
