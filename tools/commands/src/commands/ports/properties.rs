// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table that says how many tests of each security property run on each port, in the book.

use super::part::{self, line};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use workbench::board::{self, Row};

/// The lines before and after the table.
const START: &str = "<!-- properties: the table is written by `cargo xtask ports` from the table above and boards/table/boards.toml. -->\n";
const END: &str = "<!-- end of properties -->";
/// The head of the table of tests.
const HEAD: &str = "| property | system tests | host |\n";

/// The folders of tests.
const COMMON: &str = "tests/src/bin/";
const CORTEX_M: &str = "tests/cortex-m/src/bin/";
const RISC_V: &str = "tests/riscv/src/bin/";
const HOSTED: &str = "tests/hosted/src/bin/";
/// The CPUs on which firmware runs as a program, as their folders in `HOSTED` are called.
const PROGRAMS: [&str; 2] = ["x86_64", "aarch64"];

/// Where a firmware runs.
enum Port {
    Board(&'static Row),
    /// A program on a CPU of this name.
    Linux(&'static str),
}

impl Port {
    fn all() -> impl Iterator<Item = Port> {
        board::emulated().map(Port::Board).chain(PROGRAMS.map(Port::Linux))
    }

    fn name(&self) -> String {
        match self {
            Port::Board(row) => format!("{}, `{}`", row.cpu, row.name),
            Port::Linux(cpu) => format!("Linux, `{cpu}`"),
        }
    }

    /// Returns whether a test, whose source is given, runs on this port.
    fn runs(&self, test: &str) -> bool {
        let name =
            test.rsplit('/').next().and_then(|file| file.strip_suffix(".rs")).unwrap_or(test);
        match self {
            Port::Board(row) => {
                let own = if row.is_riscv() { RISC_V } else { CORTEX_M };
                (test.starts_with(COMMON) || test.starts_with(own))
                    && !row.without.contains_key(name)
            }
            Port::Linux(cpu) => {
                let own = test.strip_prefix(HOSTED);
                let folder = own.and_then(|path| path.split_once('/')).map(|(folder, _)| folder);
                test.starts_with(COMMON)
                    || own.is_some() && folder.is_none_or(|other| other == *cpu)
            }
        }
    }
}

/// The tests of a property.
struct Property<'a> {
    /// Its number, such as P1.
    name: &'a str,
    /// The sources of its tests, from the root of the repository.
    tests: BTreeSet<&'a str>,
}

/// Returns a chapter with the table of its properties.
///
/// # Errors
/// If the chapter has no place for the table, or names a test that it does not link.
pub fn renew(chapter: &str) -> Result<String> {
    part::renew(chapter, [START, END], &table(&properties(chapter)?))
}

/// Returns the properties, with the tests that the second column of their rows names by links.
fn properties(chapter: &str) -> Result<Vec<Property<'_>>> {
    let definition = |line| str::strip_prefix(line, "[")?.split_once("]: ../../");
    let sources: BTreeMap<_, _> = chapter.lines().filter_map(definition).collect();
    let (_, rows) =
        chapter.split_once(HEAD).with_context(|| format!("the chapter has no {HEAD}"))?;
    rows.lines().skip(1).map_while(cells).map(|row| property(row, &sources)).collect()
}

/// Returns a property: `cell` names its tests by links, whose targets are in `sources`.
fn property<'a>(
    (name, cell): (&'a str, &'a str),
    sources: &BTreeMap<&str, &'a str>,
) -> Result<Property<'a>> {
    let links = cell.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
    let names = links.filter(|(_, after)| !after.starts_with('(')).map(|(name, _)| name);
    let source =
        |name| sources.get(name).copied().with_context(|| format!("[{name}] has no target"));
    Ok(Property { name, tests: names.map(source).collect::<Result<_>>()? })
}

/// Returns the first word and the second cell of a row.
fn cells(line: &str) -> Option<(&str, &str)> {
    let (first, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
    Some((first.split(' ').next()?, rest.split_once(" | ")?.0))
}

fn table(properties: &[Property]) -> String {
    let mut text = line("port", properties.iter().map(|property| property.name.to_owned()));
    text += &line("---", properties.iter().map(|_| "---:".to_owned()));
    for port in Port::all() {
        let count =
            |property: &Property| property.tests.iter().filter(|test| port.runs(test)).count();
        text += &line(&port.name(), properties.iter().map(|property| count(property).to_string()));
    }
    text + &line("tests in all", properties.iter().map(|property| property.tests.len().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAPTER: &str = "\
| property | system tests | host |
|---|---|---|
| P1 isolation | [memory] (statics, [devices](x.md)), [switches], [machine_mode], [flags], [memory] | `a` |
| P2 calls | [no_line], [devices] | [b] |

| P3 no row | [c] | [d] |
<!-- properties: the table is written by `cargo xtask ports` from the table above and boards/table/boards.toml. -->
former
<!-- end of properties -->
after

[memory]: ../../tests/src/bin/isolation/memory.rs
[switches]: ../../tests/cortex-m/src/bin/switches.rs
[no_line]: ../../tests/cortex-m/src/bin/no_line.rs
[machine_mode]: ../../tests/riscv/src/bin/machine_mode.rs
[devices]: ../../tests/hosted/src/bin/devices.rs
[flags]: ../../tests/hosted/src/bin/x86_64/flags.rs
";

    #[test]
    fn a_test_counts_on_each_port_that_runs_it() {
        let renewed = renew(CHAPTER).unwrap();
        let has = |row: &str| assert!(renewed.contains(&format!("\n{row}\n")), "{row}: {renewed}");
        has("| port | P1 | P2 |");
        has("| Cortex-M3, `mps2-an385` | 2 | 1 |");
        has("| Cortex-M3, instructions of ARMv6-M, `mps2-an385-v6m` | 2 | 0 |");
        has("| RV32IMAC, `virt` | 2 | 0 |");
        has("| Linux, `x86_64` | 2 | 1 |");
        has("| Linux, `aarch64` | 1 | 1 |");
        has("| tests in all | 4 | 2 |");
        assert!(
            renewed.ends_with(CHAPTER.split_once(END).unwrap().1) && !renewed.contains("former")
        );
        assert_eq!(renew(&renewed).unwrap(), renewed);
    }

    #[test]
    fn a_chapter_has_to_be_whole() {
        let error = |from, to| renew(&CHAPTER.replace(from, to)).unwrap_err().to_string();
        assert_eq!(error("[switches]: ", "[other]: "), "[switches] has no target");
        assert!(error("system tests", "M3").contains("| property |"));
        assert_eq!(error(END, ""), "the table has no end");
        assert!(error("written by", "by").contains(START));
    }
}
