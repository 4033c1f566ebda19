//! Statics of libraries, of which each process has its own.

use crate::support::{Firmware, HELPER, map, process};

/// A process that uses the library.
const USER: &str = "pub fn work() { core::hint::black_box(helper::count()); }";

fn two_users() -> Firmware {
    let mut firmware = Firmware::new().library("helper", HELPER).library("fan", USER);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()")];
    firmware.objects =
        vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", "helper::count_for(1_u64);")];
    firmware
}

#[test]
fn each_process_has_its_own() {
    let map = map(&two_users());
    assert_eq!(process(&map, "fan").used, 4);
    assert_eq!(process(&map, "sensor").used, 8, "the object, and its own counter");
}
