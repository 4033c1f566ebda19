// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the operations in cycles, computed from the instructions that they execute.

use super::results::words;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// The function of the benchmarks that is called before and after each loop.
pub const MARK: &str = "report::mark";
/// The number of instructions in a tick of the clock that the benchmarks read.
const TICK: u32 = 40;

/// The number of cycles to enter a handler and to leave it, without its instructions.
const HANDLER: u32 = 12 + 10;

/// The smallest and the largest number of cycles.
pub type Range = [u32; 2];

/// The cost of one round of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The number of instructions that it executes.
    pub instructions: u32,
    /// The cycles on a Cortex-M3.
    pub m3: Range,
    /// The cycles on a Cortex-M4.
    pub m4: Range,
}

/// The cost of all operations, by name.
pub type Costs = BTreeMap<String, Cost>;

/// Five numbers: the instructions, the least and the most cycles of the M3, and the least and the most cycles of the
/// M4.
type Counts = [u64; 5];

/// Returns the costs of a benchmark with this output and this recording of the plugin.
///
/// # Errors
/// If the output and the recording are not from the same execution.
pub fn costs(output: &str, recording: &str) -> Result<Costs> {
    let marks = recording.lines().map(counts).collect::<Result<Vec<_>>>()?;
    // The code between the second and the third mark is not measured: it prints figures, for example.
    let mut loops = marks
        .chunks_exact(2)
        .map(|marks| difference(&marks[1], &marks[0]))
        .collect::<Vec<_>>()
        .into_iter();
    let mut costs = Costs::new();
    for words in words(output) {
        let &[name, figure, rounds, goes] = words.as_slice() else { continue };
        let (figure, rounds, goes): (u32, u32, u32) =
            (figure.parse()?, rounds.parse()?, goes.parse()?);
        let mut goes: Vec<Counts> = (0..goes)
            .map(|_| {
                let (empty, whole) = (loops.next()?, loops.next()?);
                Some(difference(&whole, &empty))
            })
            .collect::<Option<_>>()
            .with_context(|| format!("the recording ends before {name}"))?;
        let [instructions, m3_least, m3_most, m4_least, m4_most] = each(&mut goes, rounds);
        // The difference may be inexact, because each of the two loops may have started and ended anywhere between two
        // ticks.
        let inexact = 1 + 2 * TICK / rounds;
        ensure!(
            instructions.abs_diff(figure) <= inexact,
            "{name} took {figure} instructions by the clock, and {instructions} were recorded"
        );
        let cost = Cost { instructions, m3: [m3_least, m3_most], m4: [m4_least, m4_most] };
        costs.insert(name.to_owned(), cost);
    }
    ensure!(loops.next().is_none(), "the recording goes on after the last result");
    Ok(costs)
}

/// Checks that the cost of a system call includes the entry and the return of its handler.
///
/// # Errors
/// If the cost does not include them.
pub fn check_system_call(cost: &Cost) -> Result<()> {
    let is_plausible =
        [cost.m3, cost.m4].iter().all(|cycles| cycles[0] >= cost.instructions + HANDLER);
    ensure!(
        is_plausible,
        "the null system call takes too few cycles for entering and leaving a handler: {cost:?}"
    );
    Ok(())
}

/// Parses a line of the recording.
fn counts(line: &str) -> Result<Counts> {
    let numbers: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    numbers.try_into().ok().with_context(|| format!("not a mark: {line}"))
}

/// Returns the counts since `earlier`. (A negative difference becomes 0: an empty loop may take more cycles than a loop
/// with an operation that costs nothing.)
fn difference(later: &Counts, earlier: &Counts) -> Counts {
    std::array::from_fn(|index| later[index].saturating_sub(earlier[index]))
}

/// Returns the median of each count, for one round.
fn each(goes: &mut [Counts], rounds: u32) -> [u32; 5] {
    let rounds = u64::from(rounds);
    std::array::from_fn(|index| {
        goes.sort_unstable_by_key(|counts| counts[index]);
        let median = goes.get(goes.len() / 2).map_or(0, |counts| counts[index]);
        ((median + rounds / 2) / rounds) as u32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of two operations: the first in three goes of 10 rounds, and the second in one go of 2 rounds.
    const RECORDING: &str = "100 110 120 110 120\n 130 150 170 150 160\n\
        140 160 180 160 170\n 270 310 340 300 320\n\
        300 340 370 330 350\n 330 380 420 370 390\n\
        330 380 420 370 390\n 460 520 590 510 550\n\
        500 600 700 600 600\n 530 640 750 640 640\n\
        530 640 750 640 640\n 970 990 999 980 999\n\
        1000 1000 1000 1000 1000\n 1000 1000 1000 1000 1000\n\
        1000 1000 1000 1000 1000\n 1200 1300 1400 1300 1350\n";

    #[test]
    fn the_empty_loop_is_no_part_of_the_cost_and_the_median_counts() {
        let costs = costs("result a 10 10 3\r\nresult b 104 2 1\n", RECORDING).unwrap();
        let a = Cost { instructions: 10, m3: [11, 12], m4: [10, 12] };
        let b = Cost { instructions: 100, m3: [150, 200], m4: [150, 175] };
        assert_eq!(costs, Costs::from([("a".to_owned(), a), ("b".to_owned(), b)]));
    }

    #[test]
    fn a_system_call_has_a_handler() {
        let cost = |least| Cost { instructions: 26, m3: [least, 60], m4: [48, 60] };
        assert!(check_system_call(&cost(48)).is_ok());
        assert!(check_system_call(&cost(47)).is_err());
    }

    #[test]
    fn a_recording_of_something_else_is_an_error() {
        for (output, why) in [
            ("result a 10 10 3\nresult b 150 2 1", "b took 150 instructions by the clock, and 100"),
            ("result a 10 10 3", "goes on after the last"),
            ("result a 10 10 3\nresult b 100 2 1\nresult c 1 1 1", "ends before c"),
        ] {
            let error = costs(output, RECORDING).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(costs("", "1 2 3 4").is_err());
    }
}
