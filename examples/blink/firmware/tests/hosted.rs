// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware as a Linux program.
#![cfg(target_os = "linux")]

use std::process::Command;

/// Runs two seconds of virtual time.
#[test]
fn the_lamp_blinks_once_a_second() {
    let mut blink = Command::new(env!("CARGO_BIN_EXE_blink"));
    let output = blink.args(["--time", "virtual", "--until", "2"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once("] lamps ")).collect();
    let lamps: Vec<_> = lines.iter().map(|(_, lamps)| *lamps).collect();
    assert_eq!(lamps, ["●○○○○○○○", "○○○○○○○○", "●○○○○○○○", "○○○○○○○○"], "{text}");
    let times: Vec<f64> = lines
        .iter()
        .map(|(time, _)| time.trim_start_matches('[').trim().parse().unwrap())
        .collect();
    for (time, expected) in times.iter().zip([0.0, 0.5, 1.0, 1.5]) {
        assert!((expected..expected + 0.01).contains(time), "{times:?}");
    }
}
