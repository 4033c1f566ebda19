// SPDX-License-Identifier: MIT OR Apache-2.0
//! The boards on which firmware runs: those of microcontrollers are in `boards/boards.toml`.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::Deserialize;
use serde::de::Error as _;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// This machine: the firmware is a Linux program.
    Hosted,
    /// The board of a microcontroller. If no emulator has it, firmware for it is only built.
    Microcontroller(&'static Row),
}

/// The row of a board in the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The name of the board and of its crate.
    #[serde(skip)]
    pub name: String,
    /// The compiler's name for the CPU.
    pub target: String,
    /// The emulator's name for the board, if there is one.
    pub machine: Option<String>,
    /// The emulator, with options that the board always needs, if it is not the usual one.
    pub emulator: Option<String>,
    /// The CPU, as text for users.
    pub cpu: String,
    /// The frequency of the timers.
    pub mhz: u32,
    /// The system tests and the programs of the benchmark that can't run on it, with the reasons.
    #[serde(default)]
    pub without: BTreeMap<String, String>,
    /// If only the nightly run has time for this board, the reason.
    pub nightly: Option<String>,
    /// The system tests and the programs of the benchmark that run each day even on a nightly board.
    #[serde(default)]
    pub daily: Vec<String>,
    /// The memories of the chip, and how it starts, if no emulator has it.
    pub chip: Option<Chip>,
    /// The limits of benchmarks, of the kernel's flash and RAM, and of the spans that hold interrupts off, where they
    /// differ from those of the reference board.
    #[serde(default)]
    pub limits: BTreeMap<String, u32>,
    /// The board whose limits are also those of this board, where `limits` has no others. (They are in `limits`, too.)
    pub limits_from: Option<String>,
}

/// The facts about a chip by which the image of a firmware is checked. They are from the manual of the chip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// The address and the size of the flash, in bytes.
    pub flash: [u64; 2],
    /// The address at which code reads constants in the flash, if it is not that of the flash.
    pub constants: Option<u64>,
    /// The address and the size of the RAM, in bytes.
    pub ram: [u64; 2],
    /// The number of interrupt lines.
    pub lines: u16,
    /// The words that the chip reads before a firmware runs.
    pub boot: Boot,
}

/// The words that a chip reads from its flash before a firmware runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boot {
    /// Only the vector table.
    Vectors,
    /// A block that describes the image, which the boot ROM of the RP2350 looks for, and then the vector table.
    Rp2350,
    /// The same block, for the RISC-V cores of the RP2350. The first instruction is at the start of the flash.
    Rp2350Riscv,
    /// Two words, by which the boot ROM of an ESP32 starts a firmware in the flash at its third word.
    Direct,
}

impl Chip {
    /// Returns the addresses of the flash.
    #[must_use]
    pub fn flash(&self) -> Range<u64> {
        self.flash[0]..self.flash[0] + self.flash[1]
    }

    /// Returns the addresses of the RAM.
    #[must_use]
    pub fn ram(&self) -> Range<u64> {
        self.ram[0]..self.ram[0] + self.ram[1]
    }
}

/// The word for the benchmarks in place of a test's name.
pub const BENCHMARK: &str = "benchmark";
/// The program that emulates a board, unless its row names another.
pub const EMULATOR: &str = "qemu-system-arm";
/// The board that firmware is built for if no feature chooses one.
const REFERENCE: &str = "mps2-an385";

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| match rows(TABLE) {
    Ok(rows) => rows,
    Err(error) => panic!("boards/boards.toml: {error}"),
});
/// The boards on which firmware can run.
static BOARDS: LazyLock<Vec<Board>> = LazyLock::new(|| {
    std::iter::once(Board::Hosted).chain(emulated().map(Board::Microcontroller)).collect()
});
const TABLE: &str = include_str!("../../../boards/boards.toml");

/// Returns the rows of a table, the reference first, then by name.
fn rows(table: &str) -> Result<Vec<Row>, toml::de::Error> {
    let rows: BTreeMap<String, Row> = toml::from_str(table)?;
    let limits = |row: &Row| {
        let Some(name) = &row.limits_from else { return Ok(row.limits.clone()) };
        let missing = || toml::de::Error::custom(format!("there is no board {name}"));
        let mut limits = rows.get(name).ok_or_else(missing)?.limits.clone();
        limits.extend(row.limits.clone());
        Ok(limits)
    };
    let whole = |(name, row): (&String, &Row)| {
        Ok(Row { name: name.clone(), limits: limits(row)?, ..row.clone() })
    };
    let mut rows: Vec<_> = rows.iter().map(whole).collect::<Result<_, _>>()?;
    rows.sort_by_key(|row| row.name != REFERENCE);
    Ok(rows)
}

/// Returns the boards of microcontrollers that are emulated.
pub fn emulated() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.machine.is_some())
}

/// Returns the boards of microcontrollers that no emulator has.
pub fn built() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.machine.is_none())
}

impl Row {
    /// Returns whether some of its tests run each day, so that no machine can do without its target.
    #[must_use]
    pub fn is_daily(&self) -> bool {
        self.nightly.is_none() || !self.daily.is_empty()
    }

    /// Returns whether its CPU is a RISC-V core; otherwise it is an ARM Cortex-M.
    #[must_use]
    pub fn is_riscv(&self) -> bool {
        self.target.starts_with("riscv")
    }

    /// Returns whether firmware for it has all Thumb instructions, and the fast paths, which are written with them.
    #[must_use]
    pub fn has_thumb_2(&self) -> bool {
        self.target.starts_with("thumbv7") || self.target.starts_with("thumbv8m.main")
    }

    /// Returns the program that emulates it.
    #[must_use]
    pub fn emulator(&self) -> &str {
        let command = self.emulator.as_deref().unwrap_or(EMULATOR);
        command.split(' ').next().unwrap_or(command)
    }
}

impl Board {
    /// Returns the board of a microcontroller for which firmware is built if none is named. Figures and limits are
    /// those of this board.
    ///
    /// # Panics
    /// If the table has no board.
    #[must_use]
    pub fn reference() -> Board {
        emulated().next().map(Board::Microcontroller).expect("there is a board in boards.toml")
    }

    /// Returns the board's row in the table, if it is a board of a microcontroller.
    #[must_use]
    pub fn row(self) -> Option<&'static Row> {
        match self {
            Board::Hosted => None,
            Board::Microcontroller(row) => Some(row),
        }
    }

    /// Returns the arguments of cargo by which firmware is built for it.
    #[must_use]
    pub fn arguments(self) -> Vec<String> {
        let Some(Row { name, target, .. }) = self.row() else { return Vec::new() };
        let mut arguments = vec!["--target".to_owned(), target.clone()];
        if name != REFERENCE {
            arguments.extend(["--features".to_owned(), format!("board/{name}")]);
        }
        arguments
    }
}

impl ValueEnum for Board {
    fn value_variants<'a>() -> &'a [Board] {
        &BOARDS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Board::Hosted => {
                PossibleValue::new("hosted").help("This machine: the firmware is a Linux program")
            }
            Board::Microcontroller(Row { name, cpu, mhz, .. }) => PossibleValue::new(name.as_str())
                .help(format!("An emulated microcontroller, a {cpu} with timers at {mhz} MHz")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command, root};
    use std::fs;
    use std::process::Command;

    fn read(path: &str) -> String {
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn every_board_is_a_crate_that_says_what_its_row_says() {
        for Row { name, mhz, machine, chip, .. } in ROWS.iter() {
            assert_ne!(machine.is_some(), chip.is_some(), "{name} needs a machine or a chip");
            let symbol = format!("\ncrossgate_board_is_{} = 0;\n", name.replace('-', "_"));
            assert!(read(&format!("boards/{name}/memory.x")).contains(&symbol), "{name}: {symbol}");
            let clock = format!("pub const CLOCK_HZ: u32 = {mhz}_000_000;");
            assert!(read(&format!("boards/{name}/src/lib.rs")).contains(&clock), "{name}: {clock}");
            let choice = format!("{} = \"{name}\"", name.replace('-', "_"));
            assert!(read("boards/selected/src/lib.rs").contains(&choice), "{choice}");
        }
    }

    #[test]
    fn the_emulator_has_every_machine() {
        for row @ Row { name, machine, .. } in emulated() {
            let machine = machine.as_deref();
            let machines = Command::new(row.emulator()).args(["-M", "help"]).output();
            // This test passes without the emulator, because other tests report that it is missing.
            let Ok(machines) = machines else { continue };
            let machines = String::from_utf8_lossy(&machines.stdout).into_owned();
            let is_there = machines.lines().any(|line| line.split(' ').next() == machine);
            assert!(is_there, "{name}: the emulator has no machine {machine:?}");
        }
    }

    #[test]
    fn the_table_that_people_read_is_the_same() {
        let readme = read("boards/README.md");
        for Row { name, target, machine, cpu, mhz, without, .. } in ROWS.iter() {
            let machine = machine.as_ref().map_or("none".to_owned(), |it| format!("`{it}`"));
            let row = format!("| [{name}]({name}) | {cpu} | {mhz} MHz | `{target}` | {machine} |");
            assert!(readme.contains(&row), "boards/README.md has no row {row}");
            for (test, why) in without {
                let row = format!("| {name} | `{test}` | {why} |");
                assert!(readme.contains(&row), "boards/README.md has no row {row}");
            }
        }
        for Row { name, nightly, daily, .. } in emulated() {
            let Some(why) = nightly else { continue };
            let daily: Vec<_> = daily.iter().map(|test| format!("`{test}`")).collect();
            let row = format!("| `{name}` | {why} | {} |", daily.join(", "));
            assert!(readme.contains(&row), "boards/README.md has no row {row}");
        }
        let count: usize = emulated().map(|row| row.without.len()).sum();
        let told = readme
            .lines()
            .filter(|line| emulated().any(|row| line.starts_with(&format!("| {} |", row.name))));
        assert_eq!(told.count(), count, "boards/README.md has tests that are not left out");
    }

    #[test]
    fn a_row_has_to_be_whole() {
        let row = "[it]\ntarget = \"t\"\nmachine = \"m\"\ncpu = \"c\"\nmhz = 1\n";
        assert_eq!(rows(row).unwrap().len(), 1);
        assert!(rows(&row.replace("mhz = 1\n", "")).is_err());
        assert!(rows(&format!("{row}typo = 1\n")).is_err());
        assert!(rows(&format!("{row}nightly = \"it takes long\"\ndaily = [\"a\"]\n")).is_ok());
    }

    #[test]
    fn limits_may_be_those_of_another_board() {
        let board = |name, more: &str| {
            format!("[{name}]\ntarget = \"t\"\nmachine = \"m\"\ncpu = \"c\"\nmhz = 1\n{more}")
        };
        let one = board("one", "limits = { a = 1, b = 2 }\n");
        let limits = |two: &str| {
            rows(&(one.clone() + &board("two", two))).map(|rows| rows[1].limits.clone())
        };
        let expected = [("a", 1), ("b", 3), ("c", 4)].map(|(name, limit)| (name.into(), limit));
        let two = limits("limits_from = \"one\"\nlimits = { b = 3, c = 4 }\n").unwrap();
        assert_eq!(two, expected.into());
        let error = limits("limits_from = \"three\"\n").unwrap_err();
        assert!(error.to_string().contains("there is no board three"), "{error}");
        assert!(limits("").unwrap().is_empty());
    }

    #[test]
    fn only_the_reference_needs_no_feature() {
        assert_eq!(Board::reference().arguments(), ["--target", "thumbv7m-none-eabi"]);
        let others: Vec<_> =
            emulated().skip(1).map(|row| Board::Microcontroller(row).arguments().len()).collect();
        assert!(!others.is_empty() && others.iter().all(|count| *count == 4));
    }

    /// Tests a script that also reads the table.
    #[test]
    fn the_script_finds_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // A stand-in for the emulator: it prints its arguments.
        for row in emulated() {
            fs::write(path(row.emulator()), "#!/bin/sh\necho \"$@\"\n").unwrap();
            command::run(Command::new("chmod").arg("+x").arg(path(row.emulator()))).unwrap();
        }
        let run = |firmware: &[u8]| {
            fs::write(path("firmware"), firmware).unwrap();
            let mut script = Command::new(root().join("boards/emulate"));
            let others = std::env::var("PATH").unwrap_or_default();
            script.env("PATH", format!("{}:{others}", folder.path().display()));
            let output = script.arg("-kernel").arg(path("firmware")).arg("-s").output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.success(), String::from_utf8_lossy(&text).into_owned())
        };
        for Row { name, machine, emulator, .. } in emulated() {
            let machine = machine.as_deref().unwrap();
            let symbol = format!("\0crossgate_board_is_{}\0", name.replace('-', "_"));
            let firmware = path("firmware").display().to_string();
            let options = emulator.as_ref().and_then(|command| command.split_once(' '));
            let options = options.map_or(String::new(), |(_, options)| format!("{options} "));
            let expected = format!("{options}-M {machine} -kernel {firmware} -s\n");
            assert_eq!(run(symbol.as_bytes()), (true, expected));
        }
        for Row { name, .. } in built() {
            let symbol = format!("\0crossgate_board_is_{}\0", name.replace('-', "_"));
            let (success, text) = run(symbol.as_bytes());
            assert!(
                !success && text.contains(&format!("no machine for the board {name} ")),
                "{text}"
            );
        }
        let (success, text) = run(b"nothing");
        assert!(!success && text.contains("is for no board"), "{text}");
        let (success, text) = run(b"\0crossgate_board_is_none_of_them\0");
        assert!(!success && text.contains("no machine for the board none-of-them"), "{text}");
    }
}
