// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a firmware whose flash is in a file again and again. The power is cut at each step, and the Linux process ends
//! between two runs.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The values and files of the firmware are in the board's flash, which is in this file.
struct Board {
    flash: PathBuf,
}

/// The result of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    status: Option<i32>,
    /// The numbers of the value and of the file at the start, if the run came as far as that.
    found: [Option<u8>; 2],
    /// The last numbers to which they were changed.
    changed: [Option<u8>; 2],
    errors: String,
}

impl Board {
    fn in_folder(folder: &Path) -> Board {
        Board { flash: folder.join("flash") }
    }

    fn run(&self, options: &[String]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash_in_file"));
        command.args(["--semihosting", "--time", "virtual", "--serial1", "null", "--flash"]);
        let output = command.arg(&self.flash).args(options).output().unwrap();
        let mut run = Run {
            status: output.status.code(),
            errors: String::from_utf8(output.stderr).unwrap(),
            ..Run::default()
        };
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let (what, number) = line.rsplit_once(' ').unwrap();
            let place = match what {
                "has value" => &mut run.found[0],
                "has file" => &mut run.found[1],
                "value" => &mut run.changed[0],
                "file" => &mut run.changed[1],
                other => panic!("{other}"),
            };
            *place = Some(number.parse().unwrap());
        }
        run
    }

    /// Cuts the power at each step of a run that begins with this flash, and expects that the next run finds nothing
    /// lost. Returns the number of steps.
    fn cut_everywhere(&self, flash: &[u8]) -> u64 {
        for step in 0.. {
            fs::write(&self.flash, flash).unwrap();
            let cut = self.run(&["--flash-cut".into(), step.to_string()]);
            if cut.status == Some(0) {
                return step;
            }
            assert_eq!(cut.status, Some(75), "{step}: {cut:?}");
            assert!(cut.errors.contains("the power of the flash was cut, reset"), "{cut:?}");
            let next = self.run(&[]);
            assert_eq!(next.status, Some(0), "{step}: {cut:?} {next:?}");
            for place in 0..2 {
                // The next run finds the value of the last complete change, or that of the change during which the
                // power was cut.
                let before = cut.changed[place].or(cut.found[place]).unwrap_or_default();
                let found = next.found[place].unwrap();
                assert!(found == before || found == before + 1, "{step}: {cut:?} {next:?}");
            }
        }
        unreachable!("a run has an end")
    }
}

#[test]
fn values_and_files_are_whole_wherever_the_power_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::in_folder(folder.path());
    // The first run: the flash is erased, and there is no file system yet.
    let steps = board.cut_everywhere(&[]);
    assert!(steps > 100, "{steps}");
    // A later run, which finds full pages.
    for _ in 0..10 {
        assert_eq!(board.run(&[]).status, Some(0));
    }
    let steps = board.cut_everywhere(&fs::read(&board.flash).unwrap());
    assert!(steps > 100, "{steps}");
}

#[test]
fn a_flash_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::in_folder(folder.path());
    for round in 0..5 {
        let run = board.run(&[]);
        assert_eq!((run.status, run.found), (Some(0), [Some(4 * round); 2]), "{run:?}");
    }
}

#[test]
fn a_flipped_bit_of_a_value_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::in_folder(folder.path());
    assert_eq!(board.run(&[]).changed[0], Some(4));
    // The last byte of the last value: the last byte of the first page that is not erased, except for the word at the
    // page's end.
    let flash = fs::read(&board.flash).unwrap();
    let last = flash[..1020].iter().rposition(|byte| *byte != 0xff).unwrap();
    let run = board.run(&["--flash-flip".into(), (8 * last - 64).to_string()]);
    assert_eq!(run.found[0], Some(3), "the value before is the last whole one: {run:?}");
}
