// SPDX-License-Identifier: MIT OR Apache-2.0
//! The boards that a firmware can be for.

use anyhow::{Context, Result};
use clap::builder::PossibleValue;
use crossgate_boards::{REFERENCE, ROWS, Row};

/// The board of a new firmware, unless another is chosen. An emulator has it.
pub const DEFAULT: &str = REFERENCE;

/// Returns the boards as values of an option.
pub fn values() -> impl Iterator<Item = PossibleValue> {
    ROWS.iter().map(|row| {
        let place = if row.machine.is_some() { "emulated" } else { "a board to buy" };
        PossibleValue::new(row.name.as_str()).help(format!("{}, {place}", row.cpu))
    })
}

/// Returns the row of a board.
pub fn named(name: &str) -> Result<&'static Row> {
    crossgate_boards::named(name).with_context(|| {
        let names: Vec<_> = ROWS.iter().map(|row| row.name.as_str()).collect();
        format!("there is no board `{name}`; the boards are {}", names.join(", "))
    })
}
