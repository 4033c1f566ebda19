// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the hosted system tests as programs for 64-bit ARM, which an emulator of Linux for this CPU runs.

use crate::workspace;
use std::process::Command;
use workbench::setup::{AARCH64, AARCH64_LINKER};

/// The variables of the environment by which cargo links such programs and runs them, and by which a test runs the
/// programs that it consists of.
pub const ENVIRONMENT: [(&str, &str); 3] = [
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", AARCH64_LINKER),
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", RUNNER),
    ("CROSSGATE_RUNNER", RUNNER),
];
/// The emulator, and the folder with the C library that the linker's package comes with.
const RUNNER: &str = "qemu-aarch64 -L /usr/aarch64-linux-gnu";

/// Returns a command for all system tests that a program for this CPU can run.
pub fn tests() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--target", AARCH64, "--no-default-features"]);
    cargo.args(["--package", "system-tests", "--package", "system-tests-hosted"]);
    cargo.args(["--features", "system-tests-hosted/aarch64"]);
    cargo.args(["--no-fail-fast", "--test", "hosted"]);
    cargo.envs(ENVIRONMENT);
    cargo
}
