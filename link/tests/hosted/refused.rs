// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of programs that are refused, because they would have no isolation.

use crate::support::{Firmware, SENSOR, assert_says, error, text};
use std::fs;
use std::process::Command;

fn sensor(name: &'static str) -> Firmware {
    Firmware::new(name).library("sensor", SENSOR)
}

#[test]
fn merged_crates_are_refused() {
    let mut firmware = sensor("merged");
    firmware.has_board = false;
    // With each of these profiles, the linker is compiled again, and links once.
    firmware.linker_level = 0;
    for kind in ["[profile.dev]\nlto = \"fat\"", "[profile.dev]\nlto = \"thin\""] {
        firmware.profile = kind;
        assert_says(&error(&firmware), &["(LTO) has merged the crates", "Set `lto = false`"]);
    }
}

#[test]
fn a_build_script_that_does_nothing_is_told_of() {
    let mut firmware = sensor("no_build");
    firmware.build = "fn main() {}".to_owned();
    let expected = "its build script (build.rs) has to call `crossgate_link::hosted::build()`";
    assert_says(&error(&firmware), &["would not be isolated", expected]);
}

/// A program is also refused if it is linked by another linker in spite of the build script.
#[test]
fn another_linker_can_not_link_it() {
    let mut firmware = sensor("another_linker");
    firmware.build = "fn main() { println!(\"cargo::rustc-env=CROSSGATE_LINKS=1\"); }".to_owned();
    assert_says(&error(&firmware), &["undefined symbol: __crossgate_memory"]);
}

#[test]
fn the_linker_of_microcontrollers_sends_it_away() {
    let mut firmware = sensor("wrong_linker");
    firmware.arguments =
        vec![concat!("-Clinker=", env!("CARGO_BIN_EXE_crossgate-link")).to_owned()];
    let expected = "this firmware is a program of the host, but `crossgate-link` is the linker of \
                    microcontrollers";
    assert_says(&error(&firmware), &[expected, "`crossgate_link::hosted::build()`"]);
}

#[test]
fn the_linker_without_inputs_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.out");
    fs::write(&file, "precious").unwrap();
    let mut linker = Command::new(env!("CARGO_BIN_EXE_crossgate-link"));
    let output = linker.current_dir(folder.path()).output().unwrap();
    assert!(!output.status.success());
    assert_says(&text(&output), &["no input files"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

/// A generic function is known by its name, even if only a crate of the host has it compiled.
#[test]
fn generic_functions_in_crates_of_the_host_are_looked_into() {
    let maker = "pub fn tell<T: core::fmt::Display>(value: T) { println!(\"{value}\") }";
    let host = "#[unsafe(no_mangle)] pub fn __crossgate_run() { maker::tell(5_u32) }";
    // The process depends on this crate, so it uses the function that was compiled in this crate.
    let sensor = "use crossgate_hosted as _; pub fn work() -> u32 { maker::tell(5_u32); 5 }";
    let firmware = Firmware::new("generic_host").library("maker", maker);
    let mut firmware = firmware.library("crossgate_hosted", host).library("sensor", sensor);
    firmware.has_board = false;
    firmware.run = "crossgate_hosted::__crossgate_run()";
    let expected = "process `sensor` uses `std::io::stdio::_print`, which a process does not have";
    assert_says(&error(&firmware), &[expected, "maker::tell"]);
}

#[test]
fn unit_tests_of_a_wiring_are_left_alone() {
    let mut firmware = sensor("unit_tests");
    firmware.rest = "#[test] fn it_works() { assert_eq!(sensor::work(), 65842); }
        #[test] #[should_panic] fn it_panics() { panic!() }";
    let output = firmware.cargo(&["test"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output));
    assert_says(&said, &["2 passed"]);
}

#[test]
fn interrupt_lines_that_no_device_has_are_refused() {
    let mut firmware = sensor("lines");
    firmware.wiring =
        "process driver { notification CAME; interrupt 5 => CAME; interrupt 0 => CAME; }";
    assert!(firmware.program().is_ok(), "the last one, and the first");
    firmware.wiring =
        "process driver { notification CAME; interrupt 0 => CAME; interrupt 6 => CAME; }";
    let expected = "interrupt line 6, which is bound to `CAME`, does not exist: the lines of this board are \
                    those below 6";
    assert_says(&error(&firmware), &[expected]);
}

/// The compiler's error points at the heap in the wiring, and names the crate that is missing.
#[test]
fn a_heap_needs_the_crate_of_heaps() {
    let mut firmware = sensor("heap_alone");
    firmware.has_board = false;
    firmware.wiring = "process list { heap = 4096; }";
    assert_says(&error(&firmware), &["`crossgate_alloc`", "heap = 4096;"]);
}

#[test]
fn a_second_allocator_is_refused() {
    let mut firmware = sensor("two_allocators");
    firmware.rest = "#[global_allocator] static MINE: std::alloc::System = std::alloc::System;";
    let expected =
        "`#[global_allocator]` in this crate conflicts with global allocator in: crossgate_hosted";
    assert_says(&error(&firmware), &[expected]);
}
