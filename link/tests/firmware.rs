//! Small firmwares, linked.

mod support;

use crossgate_link::Span;
use crossgate_link::map::{MemoryMap, ProcessMemory};
use support::Firmware;

/// A process with statics of each kind: 8 bytes that may be lent, 4 initialised, 100 zeroed.
const SENSOR: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
#[unsafe(link_section = \".crossgate.shared\")]
static BUFFER: [AtomicU32; 2] = [AtomicU32::new(1), AtomicU32::new(2)];
static LIMIT: AtomicU32 = AtomicU32::new(7);
static HISTORY: [AtomicU32; 25] = [const { AtomicU32::new(0) }; 25];
pub fn work() {
    let index = LIMIT.fetch_add(1, Relaxed) as usize;
    core::hint::black_box(HISTORY[index].fetch_add(BUFFER[index % 2].fetch_add(1, Relaxed), Relaxed));
}
";

/// A library with a static.
const HELPER: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
static COUNTER: AtomicU32 = AtomicU32::new(0);
#[inline(never)]
pub fn count() -> u32 { COUNTER.fetch_add(1, Relaxed) }
pub fn count_for<T>(_: T) -> u32 { COUNTER.fetch_add(size_of::<T>() as u32, Relaxed) }
#[inline(never)]
pub fn pure(value: u32) -> u32 { value.rotate_left(3) }
";

/// A process that uses the library.
const USER: &str = "pub fn work() { core::hint::black_box(helper::count()); }";

fn map(firmware: &Firmware) -> MemoryMap {
    let path = firmware.link().unwrap_or_else(|error| panic!("{error}"));
    MemoryMap::from_elf(&path).unwrap()
}

fn error(firmware: &Firmware) -> String {
    firmware.link().expect_err("this firmware must not link")
}

fn process<'a>(map: &'a MemoryMap, name: &str) -> &'a ProcessMemory {
    map.processes.iter().find(|process| process.name == name).unwrap()
}

#[test]
fn a_process_gets_the_statics_of_its_crate() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 1024, "sensor::work()")];
    let map = map(&firmware);
    let sensor = process(&map, "sensor");
    assert_eq!(sensor.used, 8 + 4 + 100);
    assert_eq!(sensor.shared, Span { start: sensor.span.start, end: sensor.span.start + 32 });
    assert_eq!(sensor.data_end, sensor.shared.end + 4);
    assert_eq!(sensor.span.size(), 160, "32 + 4 + 100 bytes are five eighths of 256");
    assert_eq!(map.kernel, [], "nothing is left for the kernel");
    assert_eq!(map.kernel_stack, Span { start: 0x2000_0000, end: 0x2000_0400 });
    let stacks: Vec<_> = map.stacks.iter().map(|stack| (&*stack.name, stack.span.size())).collect();
    assert_eq!(stacks, [("sensor.sampler", 1024), ("kernel.idle", 128)]);
}

#[test]
fn initial_values_are_in_flash() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
    firmware.kernel =
        "static mut STATE: u32 = 0x55; unsafe { core::hint::black_box(&raw mut STATE) };";
    let elf = firmware.link().unwrap();
    let map = MemoryMap::from_elf(&elf).unwrap();
    assert_eq!(map.kernel, [(".data".to_owned(), Span { start: 0x2000_0000, end: 0x2000_0004 })]);
    // What a programmer writes into the flash.
    let flash = elf.with_extension("bin");
    support::flash_image(&elf, &flash);
    let flash = std::fs::read(flash).unwrap();
    let sensor = process(&map, "sensor");
    let image = &flash[(sensor.image - map.flash.start) as usize..];
    assert_eq!(image[..8], [1, 0, 0, 0, 2, 0, 0, 0], "what may be lent");
    assert_eq!(image[32..36], [7, 0, 0, 0], "the other statics");
}

#[test]
fn objects_are_in_the_memory_of_their_process() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["fan", "sensor"];
    firmware.objects = vec![
        ("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", ""),
        ("fan", "motor", "[u64; 5]> = Cell(UnsafeCell::new([9; 5]))", ""),
    ];
    let map = map(&firmware);
    assert_eq!(process(&map, "sensor").used, 4);
    assert_eq!(process(&map, "fan").used, 40);
    assert_eq!(process(&map, "fan").span.size(), 64);
}

#[test]
fn a_process_without_statics_has_no_memory() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["control"];
    firmware.threads = vec![("control", "main", 512, "")];
    let map = map(&firmware);
    assert_eq!(process(&map, "control").region(), None);
}

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
    assert_eq!(map.kernel, [(".bss".to_owned(), Span { start: 0x2000_0000, end: 0x2000_0004 })]);
}

#[test]
fn a_library_of_two_processes_may_not_have_statics() {
    let mut firmware = Firmware::new().library("helper", HELPER).library("fan", USER);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()")];
    firmware.objects =
        vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", "helper::count_for(1_u64);")];
    let error = error(&firmware);
    for part in [
        "static `helper::COUNTER` (4 bytes, crate `helper`) is used by process `fan` and process `sensor`",
        "fan::work",
        "method_0",
    ] {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
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
fn a_static_that_nobody_uses_may_not_be_kept() {
    let helper = "use core::sync::atomic::AtomicU32;
        #[unsafe(no_mangle)] static KEPT: AtomicU32 = AtomicU32::new(5);
        pub fn nothing() {}";
    let mut firmware = Firmware::new().library("helper", helper);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "main", 256, "helper::nothing()")];
    map(&firmware);
    // Wanted by the linker's command line, but by no code.
    firmware.arguments = vec!["-Clink-arg=--undefined=KEPT"];
    let error = error(&firmware);
    let expected = "the static `KEPT` (4 bytes, crate `helper`) is kept in the firmware";
    assert!(error.contains(expected), "{error}");
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
fn stacks_the_protection_unit_can_not_open_are_refused() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "main", 1000, "")];
    let error = error(&firmware);
    assert!(error.contains("stack `sensor.main` is 1000 bytes long"), "{error}");
}

#[test]
fn too_little_ram_is_told_with_sizes() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 4096, "sensor::work()")];
    firmware.ram = 4;
    let error = error(&firmware);
    for part in [
        "RAM (4096 bytes) is too small",
        "process sensor: 136 bytes",
        "stack of sensor.sampler: 4096 bytes",
        "missing: ",
    ] {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
}

#[test]
fn names_may_be_stripped() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
    firmware.arguments = vec!["-Cstrip=symbols"];
    let elf = firmware.link().unwrap();
    assert!(MemoryMap::from_elf(&elf).is_err(), "there is no map without names");
}

#[test]
fn programs_without_processes_are_left_alone() {
    let mut firmware = Firmware::new();
    firmware.threads = Vec::new();
    assert!(firmware.link().is_ok());
}

/// A firmware with something of everything.
fn large() -> Firmware {
    let mut firmware = Firmware::new().library("sensor", SENSOR).library("control", HELPER);
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
        ("sensor", "statics, 32 to lend"),
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
        assert!(picture.contains(&format!("{what}: ")), "{what}");
    }
    let picture_file = concat!(env!("CARGO_TARGET_TMPDIR"), "/map.svg");
    std::fs::write(picture_file, picture).unwrap();
    println!("{text}{picture_file}");
}
