// SPDX-License-Identifier: MIT OR Apache-2.0
//! The costs on the emulated board: instructions and cycles of the operations, and the kernel's size.

use super::cycles::{self, Cost, Costs};
use super::limit::Limit;
use super::operations::{OPERATIONS, Operation};
use super::results::{Figures, PACKAGE, PATIENCE, Results, expect_all, parse};
use crate::plugin::Plugin;
use crate::size::{self, Size};
use crate::symbols::Symbols;
use crate::workspace::{self, Firmware, Profile};
use crate::{progress, setup};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, json};
use std::slice;
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
    /// The operations that were measured.
    pub operations: Vec<&'static Operation>,
    pub results: Results,
    /// Empty on a CPU whose cycles can't be estimated.
    pub costs: Costs,
    /// The size of the kernel, if everything was measured.
    pub size: Option<Size>,
}

/// The extent of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All operations that the board can run, and the size of the kernel.
    Whole,
    /// Only the instructions of the operations whose programs run each day.
    Daily,
}

/// Measures the instructions of the operations on a board, and the [flash](FLASH) and the [RAM] of the kernel.
///
/// # Errors
/// If something can't be measured.
pub fn figures(board: Board) -> Result<Figures> {
    setup::target_of(board.row().context("it is not a board of a microcontroller")?)?;
    setup::emulator_for_tests()?;
    let Measured { operations, mut results, size, .. } = measure(board, Extent::Whole)?;
    // Some programs also measure something that has no limit.
    results.retain(|name, _| operations.iter().any(|operation| operation.name == name));
    let size = size.context("the kernel's size is unknown")?;
    results.insert(FLASH.to_owned(), u32::try_from(size.flash)?);
    results.insert(RAM.to_owned(), u32::try_from(size.ram)?);
    Ok(results)
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
    measure(board, Extent::Whole)?.check()
}

/// Runs one of the benchmarks, as a test.
///
/// # Errors
/// If a figure is over the limit for its board.
pub fn check_one(program: &Firmware) -> Result<()> {
    let row = program.board.row().context("it is not a board of a microcontroller")?;
    measure_programs(row, slice::from_ref(program), None)?.check()
}

/// Returns whether a program of this name is a benchmark.
pub fn is_benchmark(name: &str) -> bool {
    OPERATIONS.iter().any(|operation| operation.program == name)
}

/// Measures the operations on a board.
///
/// # Errors
/// If something can't be measured.
pub fn measure(board: Board, extent: Extent) -> Result<Measured> {
    let row = board.row().context("it is not a board of a microcontroller")?;
    let is_whole = extent == Extent::Whole || row.nightly.is_none();
    // The cycles are those of a Cortex-M3 and a Cortex-M4.
    let plugin = (is_whole && row.has_thumb_2())
        .then(|| progress::step("building the emulator's plugin", Plugin::build))
        .transpose()?;
    let programs = progress::step("building the benchmarks", || {
        if is_whole {
            let mut programs = workspace::build(PACKAGE, board, Profile::Release)?;
            programs.retain(|program| !row.without.contains_key(&program.name));
            return Ok(programs);
        }
        let daily: Vec<_> =
            row.daily.iter().map(String::as_str).filter(|name| is_benchmark(name)).collect();
        ensure!(!daily.is_empty(), "no benchmark runs each day on {}", row.name);
        workspace::build_programs(&[PACKAGE], &daily, board, Profile::Release)
    })?;
    let mut measured = measure_programs(row, &programs, plugin.as_ref())?;
    if is_whole {
        let build = || workspace::build_one("thermostat", board);
        let thermostat = progress::step("building the thermostat", build)?;
        measured.size = Some(Size::of_kernel(&thermostat)?);
    }
    Ok(measured)
}

/// Runs benchmarks: with a plugin, the cycles are estimated, too.
fn measure_programs(
    row: &'static Row,
    programs: &[Firmware],
    plugin: Option<&Plugin>,
) -> Result<Measured> {
    let (mut results, mut costs) = (Results::new(), Costs::new());
    for program in programs {
        let name = format!("running the benchmarks: {}", program.name);
        let (output, recording) = progress::step(&name, || run_one(plugin, program))?;
        results.append(&mut parse(&output));
        if let Some(recording) = recording {
            costs.append(&mut cycles::costs(&output, &recording)?);
        }
    }
    let is_measured = |name| programs.iter().any(|program| program.name == name);
    let operations: Vec<_> = OPERATIONS.iter().filter(|it| is_measured(it.program)).collect();
    expect_all(&results, operations.iter().map(|operation| operation.name))?;
    Ok(Measured { row, operations, results, costs, size: None })
}

/// Runs a benchmark. Returns its output, and the recording of the plugin, if there is one.
fn run_one(plugin: Option<&Plugin>, program: &Firmware) -> Result<(String, Option<String>)> {
    let run = |options: &[&str]| {
        let finished = emulator::run(&program.file, options, PATIENCE)?;
        ensure!(finished.success, "{} failed:\n{}", program.name, finished.output);
        Ok(finished.output)
    };
    let Some(plugin) = plugin else { return Ok((run(&[])?, None)) };
    let symbols = Symbols::of(program)?;
    let recording = plugin.record_cycles(&symbols, symbols.address(cycles::MARK)?)?;
    let options: Vec<_> = recording.options().iter().map(String::as_str).collect();
    Ok((run(&options)?, Some(recording.text()?)))
}

impl Measured {
    /// Returns the names of the operations that are over their limits.
    pub fn missed(&self) -> Vec<String> {
        missed(self.row, &self.operations, &self.results, self.size)
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// If a figure is over its limit.
    pub fn check(&self) -> Result<()> {
        self.costs.get(SYSTEM_CALL).map_or(Ok(()), cycles::check_system_call)?;
        let missed = self.missed();
        let board = &self.row.name;
        ensure!(missed.is_empty(), "{board}: over the limit: {}", missed.join(", "));
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

/// Returns the limit of the kernel's RAM in the thermostat on a board, in bytes.
pub fn ram_limit(row: &Row, size: Size) -> u64 {
    row.limits.get(RAM).map_or(size.ram_limit, |&most| most.into())
}

fn missed(
    row: &Row,
    operations: &[&Operation],
    results: &Results,
    size: Option<Size>,
) -> Vec<String> {
    let mut missed: Vec<String> = operations
        .iter()
        .filter(|operation| {
            let limit = limit(row, operation);
            !results.get(operation.name).is_some_and(|&m| limit.is_met(m, results))
        })
        .map(|operation| operation.name.to_owned())
        .collect();
    if size.is_some_and(|size| size.flash > flash_limit(row)) {
        missed.push(FLASH.to_owned());
    }
    if size.is_some_and(|size| size.ram > ram_limit(row, size)) {
        missed.push(RAM.to_owned());
    }
    missed
}

/// Prints the figures as JSON.
pub fn print_json(Measured { row, operations, results, costs, size }: &Measured) {
    let figures: Map<_, _> =
        operations.iter().map(|o| (o.name.to_owned(), json!(results.get(o.name)))).collect();
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
        FLASH: size.map(|size| size.flash),
        RAM: size.map(|size| size.ram),
    });
    println!("{all}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::worst::limits;
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

    /// As the function, for all operations.
    fn missed(row: &Row, results: &Results, size: Size) -> Vec<String> {
        super::missed(row, &OPERATIONS.each_ref(), results, Some(size))
    }

    #[test]
    fn the_limits_themselves_are_met() {
        assert_eq!(missed(row(), &good(), SIZE), [""; 0]);
    }

    #[test]
    fn a_board_may_have_limits_of_its_own() {
        let limits = [(FLASH, 99_999), (RAM, 5), ("rpc_null_4_words", 7)];
        let limits = limits.map(|(name, limit)| (name.to_owned(), limit)).into();
        let row = Row { limits, ..row().clone() };
        let large = Size { flash: 99_999, ram: 5, ..SIZE };
        let missed = |size| missed(&row, &good(), size);
        assert_eq!(missed(large)[0], "rpc_null_4_words");
        let has = |size, name: &str| missed(size).iter().any(|missed| missed == name);
        assert!(!has(large, FLASH) && !has(large, RAM));
        assert!(has(Size { ram: 6, ..large }, RAM));
    }

    #[test]
    fn an_operation_that_is_not_measured_has_no_limit() {
        let [one, other] = [&OPERATIONS[0], &OPERATIONS[1]];
        let results = Results::from([(one.name.to_owned(), most(one))]);
        assert_eq!(super::missed(row(), &[one], &results, None), [""; 0]);
        assert_eq!(super::missed(row(), &[one, other], &results, None), [other.name]);
    }

    #[test]
    fn programs_that_measure_are_known() {
        let programs: Vec<_> = OPERATIONS.iter().map(|operation| operation.program).collect();
        let source = |program| workspace::root().join(format!("bench/src/bin/{program}.rs"));
        for Operation { name, program, .. } in &OPERATIONS {
            let source = std::fs::read_to_string(source(program)).unwrap();
            assert!(source.contains(&format!("\"{name}\"")), "{program} does not measure {name}");
        }
        assert!(programs.into_iter().all(is_benchmark) && !is_benchmark("registers"));
    }

    #[test]
    fn every_limit_of_a_board_is_of_something() {
        for row in board::emulated() {
            for name in row.limits.keys() {
                let is_known = [FLASH, RAM, limits::NAME].contains(&name.as_str())
                    || OPERATIONS.iter().any(|it| it.name == name);
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
