// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the owners of statics.

use crate::support::{Firmware, HELPER, SENSOR, error, map, process};

/// A process that uses the library.
const USER: &str = "pub fn work() { core::hint::black_box(helper::count()); }";

#[test]
fn a_library_of_one_process_is_in_its_memory() {
    let mut firmware = Firmware::new().library("helper", HELPER).library("fan", USER);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![
        ("fan", "main", 256, "fan::work()"),
        ("sensor", "main", 256, "core::hint::black_box(helper::pure(1));"),
    ];
    let map = map(&firmware);
    assert_eq!(process(&map, "fan").used, 4);
    assert_eq!(process(&map, "sensor").used, 0);
}

#[test]
fn a_library_of_the_kernel_is_in_its_memory() {
    let mut firmware = Firmware::new().library("helper", HELPER);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "main", 256, "core::hint::black_box(helper::pure(1));")];
    firmware.kernel = "helper::count();";
    let map = map(&firmware);
    assert_eq!(process(&map, "sensor").used, 0);
    let [(name, statics)] = &map.kernel[..] else { panic!("{map}") };
    assert_eq!((&**name, statics.size()), (".bss", 4));
}

#[test]
fn a_process_and_the_kernel_may_not_have_a_static_in_common() {
    let mut firmware = Firmware::new().library("helper", HELPER).library("fan", USER);
    firmware.processes = vec!["fan"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()")];
    firmware.kernel = "helper::count();";
    let error = error(&firmware);
    assert!(error.contains("is used by process `fan` and the kernel"), "{error}");
}

#[test]
fn a_static_of_a_process_is_out_of_bounds_for_others() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![
        ("sensor", "main", 256, "sensor::work()"),
        ("fan", "main", 256, "core::hint::black_box(1); sensor::work()"),
    ];
    let error = error(&firmware);
    let expected = "static `sensor::HISTORY` (100 bytes, crate `sensor`) belongs to process \
                    `sensor`, but is used by process `fan`";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_process_may_not_have_the_name_of_the_firmware() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["firmware"];
    firmware.threads = vec![("firmware", "main", 256, "")];
    let error = error(&firmware);
    assert!(
        error.contains("process `firmware` has the name of the firmware's own crate"),
        "{error}"
    );
}

#[test]
fn a_static_that_nobody_uses_may_not_be_kept() {
    let helper = "use core::sync::atomic::AtomicU32;
        #[unsafe(no_mangle)] static KEPT: AtomicU32 = AtomicU32::new(5);
        #[unsafe(no_mangle)] static LEFT_OUT: AtomicU32 = AtomicU32::new(5);
        pub fn nothing() {}";
    let mut firmware = Firmware::new().library("helper", helper);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "main", 256, "helper::nothing()")];
    map(&firmware);
    // An option of the linker keeps the static, but no code uses it.
    firmware.arguments = vec!["-Clink-arg=--undefined=KEPT"];
    let error = error(&firmware);
    let expected = "the static `KEPT` (4 bytes, crate `helper`) is kept in the firmware";
    assert!(error.contains(expected) && !error.contains("LEFT_OUT"), "{error}");
}

#[test]
fn only_processes_lend() {
    let helper = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        #[unsafe(link_section = \".crossgate.shared\")] static BUFFER: AtomicU32 = AtomicU32::new(1);
        pub fn count() { BUFFER.fetch_add(1, Relaxed); }";
    let mut firmware = Firmware::new().library("helper", helper);
    firmware.processes = vec!["sensor"];
    firmware.kernel = "helper::count();";
    let error = error(&firmware);
    assert!(error.contains("`helper::BUFFER` (4 bytes, crate `helper`) may be lent"), "{error}");
}

#[test]
fn objects_of_unknown_processes_are_refused() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["sensor"];
    firmware.objects = vec![("senzor", "room", "u32> = Cell(UnsafeCell::new(3))", "")];
    assert!(error(&firmware).contains("process `senzor`, which the wiring does not have"));
}

#[test]
fn the_kernel_may_know_entry_points() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
    // The compiler can evaluate constant tables, so the kernel may refer to an entry point directly.
    firmware.kernel = "core::hint::black_box(SYSTEM.threads[1].entry);";
    assert_eq!(process(&map(&firmware), "sensor").used, 112);
}

#[test]
fn common_symbols_of_other_languages_are_statics_too() {
    let library = "core::arch::global_asm!(\".comm total, 8, 4\");
        unsafe extern \"C\" { static mut total: u32; }
        #[inline(never)]
        pub fn count() { core::hint::black_box(&raw mut total); }";
    let mut firmware = Firmware::new().library("helper", library);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "helper::count()")];
    assert_eq!(process(&map(&firmware), "sensor").used, 8);
    firmware.kernel = "helper::count();";
    let error = error(&firmware);
    assert!(error.contains("`total` (8 bytes, crate `helper`) is used by"), "{error}");
}

#[test]
fn only_processes_keep() {
    let helper = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        #[unsafe(link_section = \".crossgate.kept.LIVES\")] static LIVES: AtomicU32 = AtomicU32::new(0);
        pub fn count() { LIVES.fetch_add(1, Relaxed); }";
    let mut firmware = Firmware::new().library("helper", helper);
    firmware.processes = vec!["sensor"];
    firmware.kernel = "helper::count();";
    let error = error(&firmware);
    assert!(error.contains("`helper::LIVES` (4 bytes, crate `helper`) is to be kept"), "{error}");
}

/// A static of a process is always in the memory of the process. So its source must not name another place.
#[test]
fn statics_that_are_meant_for_other_places_are_refused() {
    const PLACED: &str = "
        use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        #[unsafe(link_section = \"SECTION\")] static KEPT: AtomicU32 = AtomicU32::new(0);
        pub fn work() { KEPT.fetch_add(1, Relaxed); }";
    for (section, is_refused) in [
        (".uninit.KEPT", true),
        (".ccmram", true),
        (".dtcm.fast", true),
        ("fast", true),
        (".data.ccm", true),
        (".bss.dma", true),
        (".data", false),
        (".bss", false),
        (".crossgate.kept", false),
    ] {
        let mut firmware = Firmware::new().library("sensor", &PLACED.replace("SECTION", section));
        firmware.processes = vec!["sensor"];
        firmware.threads = vec![("sensor", "main", 256, "sensor::work()")];
        if !is_refused {
            map(&firmware);
            continue;
        }
        let error = error(&firmware);
        for part in ["`sensor::KEPT` (4 bytes, crate `sensor`)", section, "by `crossgate::kept!`"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    }
}
