// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs every system test as a Linux program.

fn main() -> std::process::ExitCode {
    system_tests_harness::run(
        env!("CARGO_PKG_NAME"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin"),
        env!("CARGO_BIN_EXE_allocation"),
    )
}
