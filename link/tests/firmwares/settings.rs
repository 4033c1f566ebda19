// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of missing or wrong settings.

use crate::support::{Firmware, SENSOR, error};

fn sensor(firmware: Firmware) -> Firmware {
    let mut firmware = firmware.library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
    firmware
}

#[track_caller]
fn assert_says(firmware: &Firmware, parts: &[&str]) {
    let error = error(firmware);
    for part in parts {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
}

#[test]
fn merged_crates_are_refused() {
    let mut firmware = sensor(Firmware::new());
    for kind in ["-Clto=fat", "-Clto=thin"] {
        firmware.arguments = vec![kind];
        assert_says(&firmware, &["(LTO) has merged the crates", "Set `lto = false`"]);
    }
}

/// The script is missing because the environment replaces the settings that contain it.
#[test]
fn a_missing_script_is_told_of() {
    let mut firmware = sensor(Firmware::new());
    firmware.has_script = false;
    assert_says(
        &firmware,
        &["the linker script is missing: `-C link-arg=-Tlink.x`", "`RUSTFLAGS`"],
    );
}

#[test]
fn compiling_is_not_for_the_linker() {
    let mut firmware = Firmware::new();
    firmware.arguments = vec!["-Clinker-plugin-lto"];
    assert_says(&sensor(firmware), &["`-C linker-plugin-lto` leaves the compiling to the linker"]);
}

/// Each message contains a solution.
#[test]
fn known_names_that_are_missing_get_an_answer() {
    for (name, way_out) in [
        ("_critical_section_1_0_acquire", "depend on the crate `crossgate-critical-section`"),
        ("_embassy_time_now", "depend on the crate `crossgate-embassy`"),
        ("_defmt_acquire", "use the crate `crossgate-defmt`"),
        ("__crossgate_services", "the firmware has no wiring"),
        ("__crossgate_kernel", "`board::start!(SYSTEM);` has to be in its crate"),
    ] {
        let source = format!(
            "unsafe extern \"C\" {{ fn {name}(); }} pub fn work() {{ unsafe {{ {name}() }} }}"
        );
        let mut firmware = Firmware::new().library("sensor", &source);
        firmware.processes = vec!["sensor"];
        firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
        assert_says(&firmware, &[&format!("undefined symbol: {name}"), way_out]);
    }
}
