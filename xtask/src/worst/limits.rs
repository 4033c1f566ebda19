//! How long a span may be.

use super::Longest;
use anyhow::{Result, bail};

/// What every span is to keep in the end, in instructions.
const BOUND: u64 = 400;

/// Checks every path.
///
/// # Errors
/// If a span is over its limit.
pub fn check(longest: &[Longest]) -> Result<()> {
    let _ = (longest, BOUND);
    bail!("not yet")
}
