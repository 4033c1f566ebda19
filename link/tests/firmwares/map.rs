// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the memory map as text and picture.

use crate::support::{Firmware, HELPER, SENSOR, map};

/// Returns a firmware with at least one item of every kind.
fn large() -> Firmware {
    let kept = "#[unsafe(link_section = \".crossgate.kept\")] static HISTORY";
    let sensor = SENSOR.replace("static HISTORY", kept);
    let mut firmware = Firmware::new().library("sensor", &sensor).library("control", HELPER);
    firmware.processes = vec!["console", "control", "fan", "sensor"];
    firmware.threads = vec![
        ("sensor", "sampler", 1024, "sensor::work()"),
        ("control", "main", 2048, "control::count();"),
        ("console", "reporter", 1280, ""),
    ];
    firmware.objects = vec![
        ("fan", "motor", "[u64; 5]> = Cell(UnsafeCell::new([9; 5]))", ""),
        ("console", "terminal", "[u8; 600]> = Cell(UnsafeCell::new([1; 600]))", ""),
    ];
    firmware.kernel =
        "static mut STATE: [u32; 99] = [0; 99]; unsafe { core::hint::black_box(&raw mut STATE) };";
    firmware
}

#[test]
fn maps_name_everything() {
    let map = map(&large());
    let (text, picture) = (map.to_string(), map.to_svg());
    for (owner, what) in [
        ("kernel", "statics"),
        ("kernel", "stack"),
        ("kernel", "stack of idle"),
        ("sensor", "statics, 32 to lend, 100 kept"),
        ("control", "statics"),
        ("fan", "statics"),
        ("console", "statics"),
        ("control", "stack of main"),
        ("fan", "initial values"),
    ] {
        let mut lines = text.lines().map(str::trim_start);
        let line = lines.find(|line| {
            let rest = line.strip_prefix(owner).map(str::trim_start).unwrap_or_default();
            rest.strip_prefix(what).is_some_and(|rest| rest.starts_with("  "))
        });
        assert!(line.is_some(), "`{owner} {what}` is not in\n{text}");
        let label = format!(">{owner}: </tspan>{what}, ");
        assert!(picture.contains(&label), "{label}");
    }
    let picture_file = concat!(env!("CARGO_TARGET_TMPDIR"), "/map.svg");
    std::fs::write(picture_file, picture).unwrap();
    println!("{text}{picture_file}");
}
