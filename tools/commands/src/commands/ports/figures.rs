// SPDX-License-Identifier: MIT OR Apache-2.0
//! The figures that are compared, and their boards.

use super::super::bench::Figures;
use std::collections::BTreeMap;
use workbench::board::{self, BENCHMARK, Row};

/// The figures of each board, by its name.
pub type Ports = BTreeMap<String, Figures>;

/// Returns the boards that the benchmark can run on.
pub fn boards() -> impl Iterator<Item = &'static Row> {
    board::emulated().filter(|row| !row.without.contains_key(BENCHMARK))
}
