// SPDX-License-Identifier: MIT OR Apache-2.0
//! The boards that Crossgate knows, each with what a tool has to know to build firmware for it and to run it. The table
//! is `boards/table/boards.toml`, which explains its columns.
//!
//! ```
//! let board = crossgate_boards::named("mps2-an385").unwrap();
//! assert_eq!(board.target, "thumbv7m-none-eabi");
//! assert_eq!(board.emulator(), "qemu-system-arm");
//! ```
#![forbid(unsafe_code)]

use serde::Deserialize;
use serde::de::Error as _;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// The row of a board in the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The name of the board.
    #[serde(skip)]
    pub name: String,
    /// The compiler's name for the CPU.
    pub target: String,
    /// The emulator's name for the board, if there is one.
    pub machine: Option<String>,
    /// The emulator, with options that the board always needs, if it is not the usual one.
    pub emulator: Option<String>,
    /// The command that writes a firmware to the board and runs it there, to which the name of the file is added.
    pub runner: Option<String>,
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

impl Row {
    /// Returns the name of the package with the board's crate.
    #[must_use]
    pub fn package(&self) -> String {
        format!("crossgate-{}", self.name)
    }
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

/// The program that emulates a board, unless its row names another.
pub const EMULATOR: &str = "qemu-system-arm";
/// The board that firmware is built for if no other is chosen.
pub const REFERENCE: &str = "mps2-an385";
/// The start of the name of the symbol by which the image of a firmware says for which board it is.
const MARK: &str = "crossgate_board_is_";

/// The rows of the table, the [reference](REFERENCE) first, then by name.
pub static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| match rows(TABLE) {
    Ok(rows) => rows,
    Err(error) => panic!("boards/table/boards.toml: {error}"),
});
const TABLE: &str = include_str!("../boards.toml");

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

/// Returns the board with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// Returns the name of the board that the image of a firmware is for. (The `memory.x` of a board defines a symbol for
/// it.)
///
/// ```
/// let image = b"\0crossgate_board_is_pico_2\0";
/// assert_eq!(crossgate_boards::name_in(image).as_deref(), Some("pico-2"));
/// assert_eq!(crossgate_boards::name_in(b"another program"), None);
/// ```
#[must_use]
pub fn name_in(image: &[u8]) -> Option<String> {
    let start = image.windows(MARK.len()).position(|it| it == MARK.as_bytes())? + MARK.len();
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name: Vec<u8> = image[start..].iter().take_while(is_name).copied().collect();
    Some(String::from_utf8_lossy(&name).replace('_', "-"))
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

    /// Returns the options that this program always needs for the board.
    pub fn emulator_options(&self) -> impl Iterator<Item = &str> {
        self.emulator.as_deref().unwrap_or(EMULATOR).split(' ').skip(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
