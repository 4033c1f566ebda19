// SPDX-License-Identifier: MIT OR Apache-2.0
//! The costs on the emulated board: instructions and cycles of the operations, and the kernel's size.

use super::cycles::{self, Cost, Costs};
use super::operations::{Limit, OPERATIONS, Operation};
use super::results::{Figures, PACKAGE, PATIENCE, Results, expect_all, parse};
use crate::plugin::Plugin;
use crate::size::{self, Size};
use crate::symbols::Symbols;
use crate::workspace::{self, Firmware, Profile};
use crate::{progress, setup};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, json};
use workbench::board::{Board, Row};
use workbench::emulator;

/// The operation that consists only of a system call.
const SYSTEM_CALL: &str = "syscall_null";
/// The name of the kernel's size in flash, in bytes, among the figures.
pub const FLASH: &str = "kernel_flash_bytes";
/// The name of the kernel's size in RAM.
pub const RAM: &str = "kernel_ram_bytes";

/// The results of a measurement.
pub struct Measured {
    /// The row of the board, which may have its own limits.
    pub row: &'static Row,
    pub results: Results,
    pub costs: Costs,
    pub size: Size,
}

/// Measures the instructions of the operations, and the [flash](FLASH) of the kernel.
///
/// # Errors
/// If something can't be measured.
pub fn figures() -> Result<Figures> {
    setup::target()?;
    setup::emulator_for_tests()?;
    let Measured { results, size, .. } = measure(Board::reference())?;
    let mut figures = results;
    figures.insert(FLASH.to_owned(), u32::try_from(size.flash)?);
    Ok(figures)
}

/// Runs the benchmarks as a test.
///
/// # Errors
/// If a figure is over its limit.
pub fn check() -> Result<()> {
    check_on(Board::reference())
}

/// Runs the benchmarks on a board, as a test.
///
/// # Errors
/// If a figure is over the limit for this board.
pub fn check_on(board: Board) -> Result<()> {
    measure(board)?.check()
}

/// Measures the operations on a board, and the kernel's size.
///
/// # Errors
/// If something can't be measured.
pub fn measure(board: Board) -> Result<Measured> {
    let plugin = progress::step("building the emulator's plugin", Plugin::build)?;
    let programs = progress::step("building the benchmarks", || {
        workspace::build(PACKAGE, board, Profile::Release)
    })?;
    let (mut results, mut costs) = (Results::new(), Costs::new());
    for program in programs {
        let name = format!("running the benchmarks: {}", program.name);
        let (output, recording) = progress::step(&name, || run_one(&plugin, &program))?;
        results.append(&mut parse(&output));
        costs.append(&mut cycles::costs(&output, &recording)?);
    }
    expect_all(&results, OPERATIONS.iter().map(|operation| operation.name))?;
    let thermostat =
        progress::step("building the thermostat", || workspace::build_one("thermostat", board))?;
    let row = board.row().context("it is not a board of a microcontroller")?;
    Ok(Measured { row, results, costs, size: Size::of_kernel(&thermostat)? })
}

/// Runs a benchmark. Returns its output, and the plugin's recording.
fn run_one(plugin: &Plugin, program: &Firmware) -> Result<(String, String)> {
    let symbols = Symbols::of(program)?;
    let recording = plugin.record_cycles(&symbols, symbols.address(cycles::MARK)?)?;
    let options: Vec<_> = recording.options().iter().map(String::as_str).collect();
    let finished = emulator::run(&program.file, &options, PATIENCE)?;
    ensure!(finished.success, "{} failed:\n{}", program.name, finished.output);
    Ok((finished.output, recording.text()?))
}

impl Measured {
    /// Returns the names of the operations that are over their limits.
    pub fn missed(&self) -> Vec<String> {
        missed(self.row, &self.results, self.size)
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// If a figure is over its limit.
    pub fn check(&self) -> Result<()> {
        self.costs.get(SYSTEM_CALL).map_or(Ok(()), cycles::check_system_call)?;
        let missed = self.missed();
        ensure!(missed.is_empty(), "over the limit: {}", missed.join(", "));
        Ok(())
    }
}

/// Returns the limit of an operation on a board.
pub fn limit(row: &Row, operation: &Operation) -> Limit {
    row.limits.get(operation.name).map_or(operation.must, |&most| Limit::Most(most))
}

/// Returns the limit of the kernel's flash on a board, in bytes.
pub fn flash_limit(row: &Row) -> u64 {
    row.limits.get(FLASH).map_or(size::FLASH_LIMIT, |&most| most.into())
}

fn missed(row: &Row, results: &Results, size: Size) -> Vec<String> {
    let mut missed: Vec<String> = OPERATIONS
        .iter()
        .filter(|operation| {
            let limit = limit(row, operation);
            !results.get(operation.name).is_some_and(|&m| limit.is_met(m, results))
        })
        .map(|operation| operation.name.to_owned())
        .collect();
    if size.flash > flash_limit(row) {
        missed.push(FLASH.to_owned());
    }
    if size.ram > size.ram_limit {
        missed.push(RAM.to_owned());
    }
    missed
}

/// Prints the figures as JSON.
pub fn print_json(Measured { row, results, costs, size }: &Measured) {
    let figures: Map<_, _> =
        OPERATIONS.iter().map(|o| (o.name.to_owned(), json!(results.get(o.name)))).collect();
    let cycles = |range: fn(&Cost) -> cycles::Range| -> Map<_, _> {
        costs.iter().map(|(name, cost)| (name.clone(), json!(range(cost)))).collect()
    };
    let all = json!({
        "board": row.name,
        "profile": "release",
        "unit": "instructions",
        "results": figures,
        "cycles_m3": cycles(|cost| cost.m3),
        "cycles_m4": cycles(|cost| cost.m4),
        FLASH: size.flash,
        RAM: size.ram,
    });
    println!("{all}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use workbench::board;

    /// Returns the highest allowed figure of an operation, if the operations that it is compared with have their
    /// highest allowed figures.
    fn most(operation: &Operation) -> u32 {
        let of = |name: &str| most(OPERATIONS.iter().find(|it| it.name == name).unwrap());
        match operation.must {
            Limit::Most(most) => most,
            Limit::About { other, difference } => of(other) + difference,
            Limit::Times { other, hundredths } => of(other) * hundredths / 100,
        }
    }

    fn good() -> Results {
        OPERATIONS.iter().map(|o| (o.name.to_owned(), most(o))).collect()
    }

    const SIZE: Size = Size { flash: size::FLASH_LIMIT, ram: 1, ram_limit: 1 };

    fn row() -> &'static Row {
        Board::reference().row().unwrap()
    }

    #[test]
    fn the_limits_themselves_are_met() {
        assert_eq!(missed(row(), &good(), SIZE), [""; 0]);
    }

    #[test]
    fn a_board_may_have_limits_of_its_own() {
        let limits = [(FLASH, 99_999), ("rpc_null_4_words", 7)];
        let limits = limits.map(|(name, limit)| (name.to_owned(), limit)).into();
        let row = Row { limits, ..row().clone() };
        let large = Size { flash: 99_999, ..SIZE };
        assert_eq!(missed(&row, &good(), large)[0], "rpc_null_4_words");
        assert!(!missed(&row, &good(), large).contains(&FLASH.to_owned()));
    }

    #[test]
    fn every_limit_of_a_board_is_of_something() {
        for row in board::emulated() {
            for name in row.limits.keys() {
                let is_known = name == FLASH || OPERATIONS.iter().any(|it| it.name == name);
                assert!(is_known, "boards.toml: {}: {name}", row.name);
            }
        }
    }

    #[test]
    fn every_figure_over_its_limit_is_missed() {
        for operation in &OPERATIONS {
            let mut results = good();
            *results.get_mut(operation.name).unwrap() += 1;
            let missed = missed(row(), &results, SIZE);
            assert!(missed.iter().any(|name| name == operation.name), "{}", operation.name);
        }
        let large = Size { flash: size::FLASH_LIMIT + 1, ram: 2, ram_limit: 1 };
        assert_eq!(missed(row(), &good(), large), ["kernel_flash_bytes", "kernel_ram_bytes"]);
    }
}
