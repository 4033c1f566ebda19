// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes the output of the firmware `frames` as a program of this machine. (`cargo xtask test` does the same with the
//! output on the board.)

use std::path::Path;
use std::process::Command;
use system_tests_harness::frames;

#[test]
fn frames_of_a_program_are_decoded() {
    let file = Path::new(env!("CARGO_BIN_EXE_frames"));
    for seed in ["1", "2", "3"] {
        let mut program = Command::new(file);
        program.args(["--semihosting", "--time", "virtual", "--serial0", "stdout", "--seed", seed]);
        frames::check(file, &mut program).unwrap();
    }
}
