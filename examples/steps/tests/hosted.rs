// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the examples as Linux programs.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use system_tests_harness::transcript;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// The source of each example, in their order.
fn sources() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(FOLDER).join("src/bin")).unwrap();
    let mut sources: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    sources
}

#[test]
fn every_example_prints_what_its_head_says() {
    for source in sources() {
        let name = source.file_stem().unwrap();
        let mut program =
            Command::new(Path::new(env!("CARGO_BIN_EXE_01_call")).with_file_name(name));
        program.args(["--time", "virtual", "--until", "2"]);
        transcript::check(&source, &mut program).unwrap();
    }
}

#[test]
fn every_example_says_how_to_run_it_and_is_in_the_list() {
    let list = fs::read_to_string(Path::new(FOLDER).join("../README.md")).unwrap();
    let mut rows = list.lines().filter(|line| line.contains("](steps/"));
    for source in sources() {
        let name = source.file_stem().unwrap().to_string_lossy();
        let head = fs::read_to_string(&source).unwrap();
        let hosted = format!("//! cargo run -p steps --bin {name} -- --until 1\n");
        let board =
            format!("//! cargo run -p steps --bin {name} --release --target thumbv7m-none-eabi\n");
        assert!(
            head.contains(&hosted) && head.contains(&board),
            "{name}: its head does not say it"
        );
        let link = format!("| [{name}](steps/src/bin/{name}.rs) | ");
        let row = rows.next().unwrap_or_default();
        assert!(row.starts_with(&link), "examples/README.md: in the place of {link}: {row}");
    }
    assert_eq!(rows.next(), None, "examples/README.md has an example that there is not");
}
