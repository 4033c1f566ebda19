// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the places of things in memory, with all settings.

use crate::support::{Firmware, Program, SENSOR, WORK, program};
use std::fs;
use std::os::unix::fs::symlink;

/// The statics of [`SENSOR`].
const STATICS: [&str; 6] = [
    "sensor::BUFFER",
    "sensor::BUFFER::MEMORY",
    "sensor::CUSTOM",
    "sensor::HISTORY",
    "sensor::LIMIT",
    "sensor::count::COUNT",
];

fn sensor(name: &'static str) -> Firmware {
    Firmware::new(name).library("sensor", SENSOR)
}

#[track_caller]
fn assert_works(program: &Program) {
    assert_eq!(program.statics_of("sensor"), STATICS);
    assert_eq!(program.told(), format!("sensor {WORK}\n"));
}

#[test]
fn each_process_has_its_statics_on_pages_of_its_own() {
    let fan = "use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static SPEED: AtomicU8 = AtomicU8::new(3);
        pub fn work() -> u32 { SPEED.fetch_add(1, Relaxed); SPEED.load(Relaxed).into() }";
    let mut firmware = sensor("pages").library("fan", fan);
    firmware.processes.push(("fan", "fan::work()"));
    let program = program(&firmware);
    assert_eq!(program.statics_of("sensor"), STATICS);
    assert_eq!(program.statics_of("fan"), ["fan::SPEED"]);
    assert_eq!(program.told(), format!("sensor {WORK}\nfan 4\n"));

    let [sensor, fan] = ["sensor", "fan"].map(|name| program.pages(name));
    for address in [sensor.start, sensor.end, fan.start, fan.end] {
        assert_eq!(address % 4096, 0, "{address:#x}");
    }
    assert!(sensor.end <= fan.start || fan.end <= sensor.start, "{sensor:x?} {fan:x?}");
    // The statics that may be lent come first.
    let [shared, start] = ["sensor::BUFFER::MEMORY", "__crossgate_start_sensor"]
        .map(|name| program.symbols[name].start);
    assert_eq!(shared, start);
}

/// Kept statics are on pages that are not reset, after all other statics of their process.
#[test]
fn what_is_kept_comes_last() {
    let keeper = "use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static SPEED: [AtomicU8; 5000] = [const { AtomicU8::new(0) }; 5000];
        crossgate::kept! { static LIVES: u32; }
        pub fn work() -> u32 {
            LIVES.set(LIVES.get().map_or(1, |lives| lives + 1));
            LIVES.get().unwrap() + u32::from(SPEED[core::hint::black_box(4999)].fetch_add(1, Relaxed))
        }";
    let mut firmware = Firmware::new("keeps").library("keeper", keeper).library("sensor", SENSOR);
    firmware.processes.push(("keeper", "keeper::work()"));
    let program = program(&firmware);
    assert_eq!(program.told(), format!("sensor {WORK}\nkeeper 1\n"));
    let pages = program.pages("keeper");
    let symbol = |name: &str| program.symbols[name].start;
    assert_eq!(symbol("__crossgate_kept_keeper"), pages.start + 8192);
    assert_eq!(symbol("keeper::LIVES::MEMORY"), pages.start + 8192);
    assert_eq!(pages.end, pages.start + 12288);
    assert_eq!(symbol("__crossgate_kept_sensor"), program.pages("sensor").end, "it keeps nothing");
}

#[test]
fn objects_are_on_the_pages_of_their_process() {
    let library = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        #[crossgate::interface]
        pub trait Count { fn count(&self) -> u32; }
        pub struct Counter(pub AtomicU32);
        impl Count for Counter { fn count(&self) -> u32 { self.0.fetch_add(1, Relaxed) } }";
    let mut firmware = Firmware::new("objects").library("counting", library);
    firmware.rest = "use counting::{Count, Counter};";
    firmware.processes = vec![("sensor", "COUNT.count().unwrap() + COUNT.count().unwrap()")];
    firmware.wiring = "process counter {
        object counter: crossgate::Concurrent<Counter> = Counter(core::sync::atomic::AtomicU32::new(4)) => [COUNT: dyn Count];
    }";
    let program = program(&firmware);
    assert_eq!(program.statics_of("counter"), ["objects::__processes::counter::counter"]);
    assert_eq!(program.statics_of("sensor"), [""; 0]);
    assert_eq!(program.told(), "sensor 9\n");
}

#[test]
fn settings_of_the_compiler_do_not_matter() {
    let mut firmware = sensor("settings");
    firmware.profile = "[profile.dev]\nopt-level = 3\ncodegen-units = 1\ndebug = 2";
    assert_works(&program(&firmware));
    firmware.arguments = vec!["-Crelocation-model=static".to_owned()];
    assert_works(&program(&firmware));
}

/// Stripping removes only the names.
#[test]
fn names_may_be_stripped() {
    let mut firmware = sensor("stripped");
    firmware.arguments = vec!["-Cstrip=symbols".to_owned()];
    let program = program(&firmware);
    assert!(program.symbols.is_empty(), "{:?}", program.symbols);
    assert_eq!(program.told(), format!("sensor {WORK}\n"));
}

#[test]
fn folders_may_have_any_name() {
    let mut firmware = Firmware::new("folders");
    firmware.processes = vec![("sensor", "crate::count()")];
    firmware.rest = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static COUNT: AtomicU32 = AtomicU32::new(7);
        fn count() -> u32 { COUNT.fetch_add(1, Relaxed) }";
    // This is the same target folder as for the other tests, so that the dependencies are not compiled again.
    let folder = firmware.folder().join("it's [a] folder*");
    let _ = fs::remove_file(&folder);
    fs::create_dir_all(&firmware.target).unwrap();
    symlink(&firmware.target, &folder).unwrap();
    firmware.target = folder;
    let program = program(&firmware);
    assert_eq!(program.statics_of("sensor"), ["folders::COUNT"]);
    assert_eq!(program.told(), "sensor 7\n");
}

/// The folder of a project may be renamed.
#[test]
fn the_linker_is_found_wherever_it_is_moved() {
    let program = program(&sensor("moved"));
    let build = program.path.with_file_name("build");
    let folders = fs::read_dir(build).unwrap().map(|folder| folder.unwrap().path());
    let ours = folders.filter(|it| it.file_name().unwrap().to_string_lossy().starts_with("moved-"));
    let linkers: Vec<_> = ours.map(|it| it.join("out/ld.bfd")).filter(|it| it.exists()).collect();
    assert!(!linkers.is_empty(), "the build script makes it");
    for linker in linkers {
        assert!(fs::symlink_metadata(&linker).unwrap().is_file(), "{}", linker.display());
    }
}
