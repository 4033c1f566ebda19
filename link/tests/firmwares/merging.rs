// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of statics that the compiler may merge: the result is the same at every level of optimisation.

use crate::support::{Firmware, error, map, process};

const LEVELS: [&str; 6] = [
    "-Copt-level=0",
    "-Copt-level=1",
    "-Copt-level=2",
    "-Copt-level=3",
    "-Copt-level=s",
    "-Copt-level=z",
];

/// Two counters of one crate: one process uses one of them, another process the other.
const COUNTERS: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
SECTION_1 static READS: AtomicU32 = AtomicU32::new(0);
SECTION_2 static TURNS: AtomicU32 = AtomicU32::new(0);
#[inline(never)] pub fn read() { READS.fetch_add(1, Relaxed); }
#[inline(never)] pub fn turn() { TURNS.fetch_add(1, Relaxed); }
";
/// A function that is never called.
const RESET: &str = "pub fn reset() { read(); turn(); }";

fn firmware(source: &str, arguments: &[&'static str]) -> Firmware {
    let mut firmware = Firmware::new();
    firmware.arguments = arguments.to_vec();
    firmware =
        firmware.library("helper", &source.replace("SECTION_1", "").replace("SECTION_2", ""));
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads =
        vec![("fan", "main", 256, "helper::turn()"), ("sensor", "main", 256, "helper::read()")];
    firmware
}

#[track_caller]
fn assert_apart(firmware: &Firmware) {
    let map = map(firmware);
    for name in ["fan", "sensor"] {
        assert_eq!(process(&map, name).used, 4, "{:?}", firmware.arguments);
    }
}

#[test]
fn statics_that_no_function_uses_together_are_apart() {
    for level in LEVELS {
        assert_apart(&firmware(COUNTERS, &[level]));
    }
}

#[test]
fn statics_that_a_function_uses_together_have_one_owner() {
    for level in LEVELS {
        let error = error(&firmware(&(COUNTERS.to_owned() + RESET), &[level]));
        for part in [
            "helper::READS",
            "helper::TURNS",
            "(crate `helper`) are used by process `fan` and process `sensor`, but the compiler may merge them",
            "Add `-C llvm-args=-enable-global-merge=false`",
        ] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    }
}

/// The port defines a symbol if the compiler was told so.
#[test]
fn a_compiler_that_does_not_merge_keeps_them_apart() {
    for level in LEVELS {
        let source = COUNTERS.to_owned() + RESET;
        let mut firmware = firmware(&source, &[level, "-Cllvm-args=-enable-global-merge=false"]);
        firmware.rest = "#[unsafe(no_mangle)] static __crossgate_statics_apart: [u8; 0] = [];";
        assert_apart(&firmware);
    }
}

/// Lent statics are as `shared!` makes them: each has a section of its own.
#[test]
fn what_may_be_lent_is_apart() {
    let source = COUNTERS
        .replace("SECTION_1", "#[unsafe(link_section = \".crossgate.shared.READS\")]")
        .replace("SECTION_2", "#[unsafe(link_section = \".crossgate.shared.TURNS\")]")
        + RESET;
    for level in LEVELS {
        assert_apart(&firmware(&source, &[level]));
    }
}
