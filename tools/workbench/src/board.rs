// SPDX-License-Identifier: MIT OR Apache-2.0
//! The boards on which firmware runs: those of microcontrollers are in `boards/table/boards.toml`.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use crossgate_boards::REFERENCE;
pub use crossgate_boards::{Boot, Chip, EMULATOR, ROWS, Row, built, emulated};
use std::sync::LazyLock;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// This machine: the firmware is a Linux program.
    Hosted,
    /// The board of a microcontroller. If no emulator has it, firmware for it is only built.
    Microcontroller(&'static Row),
}

/// The word for the benchmarks in place of a test's name.
pub const BENCHMARK: &str = "benchmark";
/// The boards on which firmware can run.
static BOARDS: LazyLock<Vec<Board>> = LazyLock::new(|| {
    std::iter::once(Board::Hosted).chain(emulated().map(Board::Microcontroller)).collect()
});

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
