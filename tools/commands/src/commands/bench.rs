// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the kernel's operations.

mod cycles;
#[cfg(target_os = "linux")]
mod hosted;
#[cfg(not(target_os = "linux"))]
#[path = "bench/not_hosted.rs"]
mod hosted;
mod limit;
mod measurement;
mod operations;
mod results;
mod table;

use anyhow::{Result, bail};
use workbench::board::{BENCHMARK, Board};
use workbench::setup;

pub use hosted::check as check_hosted;
pub use measurement::{Extent, FLASH, RAM, check, check_on, check_one, figures, is_benchmark};
#[cfg(test)]
pub use measurement::{flash_limit, limit};
pub use operations::OPERATIONS;
pub use results::{Figures, PACKAGE};
pub use table::missing;

/// Measures, and prints the figures as a table or as JSON.
///
/// # Errors
/// If something can't be measured, or if `check` is set and a figure is over its limit.
pub fn run(board: Board, extent: Extent, as_json: bool, check: bool) -> Result<()> {
    match board {
        Board::Hosted if extent == Extent::Daily => bail!("nothing is measured hosted each day"),
        Board::Hosted => hosted::run(as_json, check),
        Board::Microcontroller(row) => {
            if let Some(why) = row.without.get(BENCHMARK) {
                bail!("there are no figures of {}: {why}", row.name);
            }
            setup::target_of(row)?;
            setup::emulator_for_tests()?;
            let measured = measurement::measure(board, extent)?;
            if as_json {
                measurement::print_json(&measured);
            } else {
                table::print(&measured);
            }
            if check { measured.check() } else { Ok(()) }
        }
    }
}
