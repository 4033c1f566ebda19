// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware as a Linux program.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The option that connects the recorded day to the sensor's serial line.
const DAY: &str = concat!("--serial1=file:", env!("CARGO_MANIFEST_DIR"), "/../data/day.txt");

fn thermostat(options: &[&str]) -> Command {
    let mut thermostat = Command::new(env!("CARGO_BIN_EXE_thermostat"));
    thermostat.args(options);
    thermostat
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_seed_is_one_run_to_the_microsecond() {
    let run =
        |seed: &str| text(thermostat(&[DAY, "--seed", seed, "--until", "1"]).output().unwrap());
    let seven = run("7");
    assert!(seven.contains("info  control: fan on at"), "{seven}");
    assert!(run("7") == seven, "the same seed gave another run");
    assert!(run("8") != seven, "another seed gave the same run");
}

#[test]
fn it_ends_with_its_input() {
    let mut child = thermostat(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"21.5\n").unwrap();
    let output = text(child.wait_with_output().unwrap());
    assert!(output.trim_end().ends_with("info  control: reading 21.5"), "{output}");
}

#[test]
fn a_wrong_option_is_told() {
    let output = thermostat(&["--serial1", "nonsense"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && errors.contains("pty, unix:PATH or tcp:HOST:PORT"),
        "{errors}"
    );
    let output = thermostat(&["--serial1", "file:/no/such/file"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("serial line 1 (file:/no/such/file): No such file"), "{errors}");
}
