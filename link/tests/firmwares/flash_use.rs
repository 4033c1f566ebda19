// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the flash that code and constants take.

use crate::support::{Firmware, SENSOR, map};
use crossgate_link::map::{FlashUser, MemoryMap};

/// Constants of known sizes, each with a function that uses it.
const CONSTANTS: &str = "
use core::hint::black_box;
static LARGE: [u32; 500] = [7; 500];
static SMALL: [u32; 100] = [8; 100];
#[inline(never)] pub fn large() { black_box(&LARGE); }
#[inline(never)] pub fn small() { black_box(&SMALL); }
#[inline(never)] pub fn unused() { black_box(&[9_u32; 300]); }
";

/// Returns the map of a firmware in which threads of three processes run this code.
fn threads(bodies: [&'static str; 3]) -> MemoryMap {
    const PROCESSES: [&str; 3] = ["fan", "motor", "sensor"];
    let mut firmware = Firmware::new();
    for process in PROCESSES {
        firmware = firmware.library(process, SENSOR);
    }
    firmware = firmware.library("constants", CONSTANTS);
    firmware.processes = PROCESSES.to_vec();
    let threads = PROCESSES.iter().zip(bodies);
    firmware.threads = threads.map(|(process, body)| (*process, "main", 512, body)).collect();
    map(&firmware)
}

fn user<'a>(map: &'a MemoryMap, name: &str) -> &'a FlashUser {
    map.flash_use.users.iter().find(|user| user.name == name).unwrap()
}

fn of_crate(map: &MemoryMap, name: &str) -> u64 {
    map.flash_use.crates.iter().find(|(krate, _)| krate == name).map_or(0, |(_, bytes)| *bytes)
}

#[test]
fn what_one_process_uses_is_told_from_what_several_use() {
    let map = threads([
        "constants::large(); constants::small()",
        "constants::small()",
        "core::hint::black_box(());",
    ]);
    let [fan, motor, sensor] = ["fan", "motor", "sensor"].map(|name| user(&map, name));
    assert!((2000..2100).contains(&fan.alone), "{fan:?}");
    assert!(motor.alone < 100 && sensor.alone < 100, "{motor:?}, {sensor:?}");
    assert_eq!(fan.shared, motor.shared);
    assert!((400..500).contains(&fan.shared), "{fan:?}");
    assert_eq!(map.flash_use.users[0].name, "fan");
    let row = format!("  fan             {:>7}  {:>7}", fan.alone, fan.shared);
    assert!(map.to_string().contains(&row), "{map}");
}

#[test]
fn each_byte_of_flash_counts_for_one_crate() {
    let map = threads(["constants::large()", "constants::large()", "constants::large()"]);
    let bytes = of_crate(&map, "constants");
    assert!((2000..2050).contains(&bytes), "{bytes} bytes, of which nobody uses `SMALL`: {map}");
    assert!(of_crate(&map, "firmware") > 0, "{map}");
    assert_eq!(map.flash_use.crates[0].0, "constants");
    let sections = map.constants.iter();
    let sections =
        sections.filter(|(name, _)| [".text", ".rodata", ".vector_table"].contains(&&**name));
    let all: u64 = sections.map(|(_, span)| span.size()).sum();
    let known: u64 = map.flash_use.crates.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(known + map.merged(), all);
    assert!(map.merged() < 32, "only padding: {map}");
}

/// Of such texts, the linker keeps those to which something refers.
#[test]
fn texts_count_for_nobody() {
    let map = threads([
        "core::hint::black_box(c\"a text that ends with a zero, as in C, so that the linker may merge it with others\");",
        "core::hint::black_box(());",
        "core::hint::black_box(());",
    ]);
    assert!((80..200).contains(&map.merged()), "{map}");
}
