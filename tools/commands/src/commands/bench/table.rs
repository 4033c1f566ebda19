// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of the measurements on the emulated board, and the meaning of its columns.

use super::cycles::Range;
use super::measurement::{FLASH, Measured, RAM, flash_limit, limit};
use super::operations::OPERATIONS;

/// The explanation for readers who see the table for the first time.
const EXPLANATION: &str = "\
instructions: the median of five times 2,000 rounds, without the loop (of operations that end elsewhere, the mean of all).
limit: what `--check` and `cargo xtask test` insist on. goal: where it is to get.
M3, M4: at least and at most so many cycles, by ARM's tables, for the instructions that were executed, with memory
  without wait states. How that is estimated, and what others have published: book/src/figures.md.
CMRX: the same on the same emulated machine in CMRX (https://github.com/ventZl/cmrx), a kernel in C that also isolates
  processes and has calls between them, compiled with -Os, -O2 and -O3. `-`: it has no such operation.";

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
    let Measured { row: board, results, costs, size } = measured;
    for operation in &OPERATIONS {
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
    bytes("kernel flash, bytes", size.flash, flash_limit(board), "6350 / 7400 / -", FLASH);
    bytes("kernel RAM, bytes", size.ram, size.ram_limit, "1656 (8 threads)", RAM);
    println!("\n{EXPLANATION}");
}

fn row([text, figure, limit, holds, goal, m3, m4, cmrx]: [&str; 8]) {
    println!("{text:<53} {figure:>12} {limit:>9} {holds:>5} {goal:>8} {m3:>11} {m4:>11}  {cmrx}");
}

fn range([least, most]: Range) -> String {
    format!("{least}-{most}")
}
