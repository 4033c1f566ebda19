// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmwares of two cores on one emulated chip.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use workbench::emulator;

const TARGET: &str = "thumbv8m.main-none-eabi";
/// Each test takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn far_calls() {
    check("far_calls");
}

#[test]
#[ignore = "`cargo xtask soak` runs it"]
fn far_attacks() {
    check("far_attacks");
}

#[test]
#[ignore = "`cargo xtask soak` runs it"]
fn false_server() {
    check("false_server");
}

#[test]
#[ignore = "`cargo xtask soak` runs it"]
fn far_crashes() {
    check("far_crashes");
}

/// Builds both firmwares of a test, and runs them. The test passes if the first one says so.
fn check(name: &str) {
    let first = build(name, "mps2-an521");
    let second = build(&format!("{name}_second"), "mps2-an521-second");
    let loader = format!("loader,file={}", second.display());
    let finished = emulator::run(&first, &["-device", &loader], PATIENCE).unwrap();
    print!("{}", finished.output);
    assert!(finished.success, "{name} fails");
}

fn build(name: &str, board: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&root).args(["build", "--release", "--target", TARGET]);
    cargo.args(["--package", env!("CARGO_PKG_NAME"), "--bin", name]);
    cargo.args(["--features", &format!("board/{board}")]);
    let status = cargo.status().unwrap();
    assert!(status.success(), "{name} can't be built");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    root.join(target).join(TARGET).join("release").join(name)
}
