// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of the measurements on the emulated board, and the meaning of its columns.

use super::cycles::Range;
use super::measurement::{FLASH, Measured, RAM, flash_limit, limit, ram_limit};
use super::operations::OPERATIONS;
use std::collections::BTreeMap;
use workbench::board::Row;

/// The explanation for readers who see the table for the first time.
const EXPLANATION: &str = "\
instructions: the median of three times 2,000 rounds, without the loop (of operations that end elsewhere, the mean of all).
limit: what `--check` insists on. goal: where it is to get, on the M3.
M3, M4: at least and at most so many cycles, by ARM's tables, for the instructions that were executed, with memory
  without wait states. How that is estimated, and what others have published: book/src/figures.md.
CMRX: the same on an emulated M3 in CMRX (https://github.com/ventZl/cmrx), a kernel in C that also isolates processes
  and has calls between them, compiled with -Os, -O2 and -O3. `-`: it has no such operation.";

/// Prints the table.
pub fn print(measured: &Measured) {
    row([
        "operation",
        "instructions",
        "limit",
        "holds",
        "goal",
        "cycles M3",
        "cycles M4",
        "CMRX -Os / -O2 / -O3",
    ]);
    let missed = measured.missed();
    let holds = |name: &str| if missed.iter().any(|m| m == name) { "NO" } else { "yes" };
    let Measured { row: board, operations, results, costs, size } = measured;
    for operation in operations {
        let cost = costs.get(operation.name);
        row([
            operation.text,
            &results.get(operation.name).map_or("-".to_owned(), u32::to_string),
            &limit(board, operation).text(results),
            holds(operation.name),
            &operation.stretch.map_or("-".to_owned(), |stretch| format!("<= {stretch}")),
            &cost.map_or("-".to_owned(), |cost| range(cost.m3)),
            &cost.map_or("-".to_owned(), |cost| range(cost.m4)),
            &operation
                .cmrx
                .map_or("-".to_owned(), |[s, two, three]| format!("{s} / {two} / {three}")),
        ]);
    }
    println!();
    let bytes = |text, figure: u64, limit: u64, cmrx, name| {
        row([text, &figure.to_string(), &format!("<= {limit}"), holds(name), "-", "", "", cmrx]);
    };
    if let Some(size) = size {
        bytes("kernel flash, bytes", size.flash, flash_limit(board), "6350 / 7400 / -", FLASH);
        bytes("kernel RAM, bytes", size.ram, ram_limit(board, *size), "1656 (8 threads)", RAM);
        println!();
    }
    for (why, names) in missing(board) {
        println!("not measured: {}: {} {why}", names.join(", "), board.name);
    }
    println!("{EXPLANATION}");
}

/// Returns the names of the operations that can't be measured on a board, by the reasons.
pub fn missing(board: &'static Row) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut missing = BTreeMap::<_, Vec<_>>::new();
    for operation in &OPERATIONS {
        if let Some(why) = operation.missing_on(board) {
            missing.entry(why).or_default().push(operation.name);
        }
    }
    missing
}

fn row([text, figure, limit, holds, goal, m3, m4, cmrx]: [&str; 8]) {
    println!("{text:<53} {figure:>12} {limit:>9} {holds:>5} {goal:>8} {m3:>11} {m4:>11}  {cmrx}");
}

fn range([least, most]: Range) -> String {
    format!("{least}-{most}")
}

#[cfg(test)]
mod tests {
    use super::missing;
    use workbench::board::emulated;

    #[test]
    fn operations_that_a_board_cannot_run_have_a_reason() {
        let missing = |name| missing(emulated().find(|row| row.name == name).unwrap());
        assert!(missing("mps2-an385").is_empty());
        let missing: Vec<_> = missing("virt").into_iter().collect();
        let [(why, names)] = missing.as_slice() else { panic!("several reasons: {missing:?}") };
        assert_eq!(*names, ["interrupt_to_thread", "interrupt_of_other"]);
        assert!(why.contains("a second timer"), "{why}");
    }
}
