// SPDX-License-Identifier: MIT OR Apache-2.0
//! The costs on the emulated board: instructions and cycles of the operations, and the kernel's size.

use super::cycles::{self, Cost, Costs};
use super::operations::OPERATIONS;
use super::results::{Figures, PACKAGE, PATIENCE, Results, expect_all, parse};
use crate::plugin::Plugin;
use crate::size::{self, Size};
use crate::symbols::Symbols;
use crate::workspace::{self, Firmware, Profile};
use crate::{progress, setup};
use anyhow::{Result, ensure};
use serde_json::{Map, json};
use workbench::board::Board;
use workbench::emulator;

/// The operation that is a system call and nothing else.
const SYSTEM_CALL: &str = "syscall_null";
/// The name of the kernel's size in flash, in bytes, among the figures.
pub const FLASH: &str = "kernel_flash_bytes";
/// The name of the kernel's size in RAM.
pub const RAM: &str = "kernel_ram_bytes";

/// The results of a measurement.
pub struct Measured {
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
/// If a limit is missed.
pub fn check() -> Result<()> {
    measure(Board::reference())?.check()
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
    Ok(Measured { results, costs, size: Size::of_kernel(&thermostat)? })
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
        missed(&self.results, self.size)
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// If one is missed.
    pub fn check(&self) -> Result<()> {
        self.costs.get(SYSTEM_CALL).map_or(Ok(()), cycles::check_system_call)?;
        let missed = self.missed();
        ensure!(missed.is_empty(), "over the limit: {}", missed.join(", "));
        Ok(())
    }
}

fn missed(results: &Results, size: Size) -> Vec<String> {
    let mut missed: Vec<String> = OPERATIONS
        .iter()
        .filter(|operation| {
            !results.get(operation.name).is_some_and(|&m| operation.must.is_met(m, results))
        })
        .map(|operation| operation.name.to_owned())
        .collect();
    if size.flash > size::FLASH_LIMIT {
        missed.push(FLASH.to_owned());
    }
    if size.ram > size.ram_limit {
        missed.push(RAM.to_owned());
    }
    missed
}

/// Prints the figures as JSON.
pub fn print_json(board: Board, Measured { results, costs, size }: &Measured) {
    let figures: Map<_, _> =
        OPERATIONS.iter().map(|o| (o.name.to_owned(), json!(results.get(o.name)))).collect();
    let cycles = |range: fn(&Cost) -> cycles::Range| -> Map<_, _> {
        costs.iter().map(|(name, cost)| (name.clone(), json!(range(cost)))).collect()
    };
    let all = json!({
        "board": board.row().map(|row| &row.name),
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
    use crate::commands::bench::operations::{Limit, Operation};

    /// Returns the highest figure that an operation may have, if others have their highest.
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

    #[test]
    fn the_limits_themselves_are_met() {
        assert_eq!(missed(&good(), SIZE), [""; 0]);
    }

    #[test]
    fn every_figure_over_its_limit_is_missed() {
        for operation in &OPERATIONS {
            let mut results = good();
            *results.get_mut(operation.name).unwrap() += 1;
            let missed = missed(&results, SIZE);
            assert!(missed.iter().any(|name| name == operation.name), "{}", operation.name);
        }
        let large = Size { flash: size::FLASH_LIMIT + 1, ram: 2, ram_limit: 1 };
        assert_eq!(missed(&good(), large), ["kernel_flash_bytes", "kernel_ram_bytes"]);
    }
}
