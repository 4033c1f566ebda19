// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a firmware that is updated again and again, with its flash in a file.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn what_never_feeds_the_watchdog_is_taken_back_and_what_does_is_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    // For each run: the image that starts, and the exit status (75 is a reset).
    for (number, status) in [(1, 0), (2, 75), (1, 0), (3, 0), (3, 0), (3, 0)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trial"));
        command.args(["--semihosting", "--time", "virtual", "--serial1", "null", "--flash"]);
        let output = command.arg(folder.path().join("flash")).output().unwrap();
        let told = String::from_utf8(output.stdout.clone()).unwrap();
        let expected = (Some(status), format!("image {number}\n"));
        assert_eq!((output.status.code(), told), expected, "{output:?}");
    }
}
