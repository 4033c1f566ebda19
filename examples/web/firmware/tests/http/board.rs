// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware on the emulated board. Its Ethernet controller is connected to the emulator's network.

use crate::client::Web;
use crate::load;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "thumbv7m-none-eabi";

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap()
}

/// Returns the reason why this machine can't build or emulate the firmware; `None` if it can.
fn missing() -> Option<&'static str> {
    let mut rustc = Command::new("rustc");
    let output = rustc.args(["--target", TARGET, "--print", "target-libdir"]).output().unwrap();
    let mut emulator = Command::new("qemu-system-arm");
    emulator.arg("--version").stdout(Stdio::null());
    if !Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        Some("the target thumbv7m-none-eabi: rustup target add thumbv7m-none-eabi")
    } else if !emulator.status().is_ok_and(|status| status.success()) {
        Some("the program qemu-system-arm")
    } else {
        None
    }
}

/// Builds the firmware, and returns its file.
fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["build", "--release", "--package", "web", "--target", TARGET]);
    let output = cargo.arg("--message-format=json").stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut files = messages.filter_map(|message: serde_json::Value| {
        Some(message.get("executable")?.as_str()?.to_owned())
    });
    files.next().unwrap().into()
}

#[test]
fn the_board_serves_its_page_while_processes_crash() {
    if let Some(what) = missing() {
        assert!(std::env::var_os("CROSSGATE_ALL_TESTS").is_none(), "there is not {what}");
        eprintln!("skipped: there is not {what}");
        return;
    }
    let firmware = build();
    let mut command = Command::new(root().join("boards/emulate"));
    command.args(["-display", "none", "-monitor", "none", "-serial", "null", "-kernel"]);
    command.arg(firmware);
    let mut web = Web::start(command, |command, port| {
        let forward = format!("user,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:80");
        command.args(["-nic", &forward]);
    });
    load::run(&mut web, "on the emulated board", 3);
}
