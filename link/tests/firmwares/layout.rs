// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the places of things in memory.

use crate::support::{self, Firmware, SENSOR, error, map, process};
use crossgate_link::Span;
use crossgate_link::map::{Lost, MemoryMap};
use crossgate_protection::Shape;
use object::{Object, ObjectSegment};

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
    assert_eq!(map.kernel_stack.start, 0x2000_0000);
    let mut stacks: Vec<_> =
        map.stacks.iter().map(|stack| (&*stack.name, stack.span.size())).collect();
    stacks.sort_unstable();
    assert_eq!(stacks, [("kernel.idle", 128), ("sensor.sampler", 1024)]);
}

/// The port says what its protection unit can open, and the linker places memory accordingly.
#[test]
fn each_unit_gets_what_it_can_open() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["fan", "sensor"];
    firmware.objects = vec![("fan", "motor", "[u64; 9]> = Cell(UnsafeCell::new([9; 9]))", "")];
    for (shape, stack, shared, sizes, lost) in [
        (Shape::Eighths, 1280, 32, [96, 160], None),
        (Shape::Run { granule: 32, stack_granule: 32 }, 1056, 32, [96, 160], Some(24 + 48)),
        (Shape::Run { granule: 4, stack_granule: 16 }, 1040, 8, [72, 112], Some(0)),
        (Shape::PowersOfTwo { smallest: 32 }, 1536, 32, [128, 256], None),
    ] {
        firmware.shape = Some(shape);
        firmware.threads = vec![("sensor", "sampler", stack, "sensor::work()")];
        let map = map(&firmware);
        assert_eq!(["fan", "sensor"].map(|name| process(&map, name).span.size()), sizes);
        assert_eq!(process(&map, "sensor").shared.size(), shared);
        if let Some(to_rounding) = lost {
            assert_eq!(map.lost(), Lost { to_rounding, in_holes: 0 }, "{map}");
        }
        firmware.threads[0].2 = stack - 4;
        let text = error(&firmware);
        let told = format!("stack `sensor.sampler` is {} bytes long", stack - 4);
        assert!(
            text.contains(&told) && text.contains(&format!("{stack} bytes would do")),
            "{text}"
        );
    }
    firmware.shape = None;
    let text = error(&firmware);
    assert!(text.contains("no symbol `__crossgate_protection_unit`"), "{text}");
}

/// The memory below a stack is closed, so a frame may be of any size.
#[test]
fn all_stacks_are_below_all_processes() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![
        ("fan", "large", 8192, ""),
        ("sensor", "sampler", 1280, "sensor::work()"),
        ("fan", "small", 256, ""),
    ];
    firmware.objects = vec![("fan", "motor", "[u64; 90]> = Cell(UnsafeCell::new([9; 90]))", "")];
    firmware.kernel = "static mut STATE: [u32; 300] = [5; 300]; unsafe { core::hint::black_box(&raw mut STATE) };";
    let map = map(&firmware);
    let end_of_stacks = map.stacks.iter().map(|stack| stack.span.end).max().unwrap();
    for process in &map.processes {
        assert!(process.span.start >= end_of_stacks, "{map}");
    }
    let [(_, statics)] = &map.kernel[..] else { panic!("{map}") };
    assert!(statics.start > map.kernel_stack.end && statics.end <= 0x2000_2000, "in a hole: {map}");
    assert!(map.kernel_stack.start == map.ram.start, "its overflow leaves RAM: {map}");
}

/// A lease of any part of the memory is rounded to eighths of a block, which must stay inside.
#[test]
fn what_may_be_lent_is_a_run_of_eighths() {
    let large = SENSOR
        .replace("[AtomicU32; 2]", "[AtomicU32; 150]")
        .replace("[AtomicU32::new(1), AtomicU32::new(2)]", "[const { AtomicU32::new(1) }; 150]");
    let mut firmware = Firmware::new().library("sensor", &large);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 1024, "sensor::work()")];
    let map = map(&firmware);
    let shared = process(&map, "sensor").shared;
    assert_eq!(shared.size(), 640, "600 bytes are five eighths of 1024");
    assert_eq!(shared.start % 1024, 0);
}

/// A process that also has 12 bytes of kept statics, and whose zeroed statics leave no room for them in 160 bytes.
const KEEPER: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
static LIMIT: AtomicU32 = AtomicU32::new(7);
static HISTORY: [AtomicU32; 40] = [const { AtomicU32::new(0) }; 40];
#[unsafe(link_section = \".crossgate.kept.keeper::LIVES\")]
static LIVES: [AtomicU32; 3] = [const { AtomicU32::new(9) }; 3];
pub fn work() {
    let index = LIMIT.fetch_add(LIVES[0].load(Relaxed), Relaxed) as usize;
    core::hint::black_box(HISTORY[index].fetch_add(LIVES[index].fetch_add(1, Relaxed), Relaxed));
}
";

/// Kept statics come last, so that the memory lost to rounding is reset, and so that they stay in place when other
/// statics grow a little.
#[test]
fn what_is_kept_comes_last() {
    let mut kept_at = Vec::new();
    for words in [40, 38] {
        let keeper = KEEPER.replace("40", &words.to_string());
        let mut firmware = Firmware::new().library("keeper", &keeper).library("sensor", SENSOR);
        firmware.processes = vec!["keeper", "sensor"];
        firmware.threads = vec![("keeper", "main", 256, "keeper::work()")];
        let elf = firmware.link().unwrap();
        let map = MemoryMap::from_elf(&elf).unwrap();
        let keeper = process(&map, "keeper");
        assert_eq!(keeper.span.size(), 192, "4 + 160 + 12 bytes are six eighths of 256");
        assert_eq!(keeper.used, 4 + 4 * words + 12);
        assert_eq!(keeper.kept_start, keeper.span.end - 12);
        kept_at.push(keeper.kept_start - keeper.span.start);
        let sensor = process(&map, "sensor");
        assert_eq!(sensor.kept_start, sensor.span.end, "it keeps nothing");

        // A flash programmer or a debugger that writes the contents of the file does not change the kept statics.
        let data = std::fs::read(&elf).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let kept = Span { start: keeper.kept_start, end: keeper.span.end };
        for segment in file.segments().filter(|segment| !segment.data().unwrap().is_empty()) {
            let written =
                Span { start: segment.address(), end: segment.address() + segment.size() };
            assert!(!written.overlaps(kept), "{written:x?} {kept:x?}");
        }
    }
    assert_eq!(kept_at, [180, 180]);
}

#[test]
fn a_process_may_have_nothing_but_what_it_keeps() {
    let keeper = "use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        #[repr(align(64))] struct Aligned(AtomicU8);
        #[unsafe(link_section = \".crossgate.kept\")] static ONE: Aligned = Aligned(AtomicU8::new(0));
        #[unsafe(link_section = \".crossgate.kept.B\")] static TWO: AtomicU8 = AtomicU8::new(0);
        pub fn work() { ONE.0.fetch_add(1, Relaxed); TWO.fetch_add(1, Relaxed); }";
    let mut firmware = Firmware::new().library("keeper", keeper);
    firmware.processes = vec!["keeper"];
    firmware.threads = vec![("keeper", "main", 256, "keeper::work()")];
    let map = map(&firmware);
    let keeper = process(&map, "keeper");
    assert_eq!((keeper.used, keeper.kept_start % 64), (65, 0));
    assert!(keeper.kept_start - keeper.span.start < 64, "{map}");
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
    let [(name, statics)] = &map.kernel[..] else { panic!("{map}") };
    assert_eq!((&**name, statics.size()), (".data", 4));
    // The contents that a programmer writes into the flash.
    let flash = elf.with_extension("bin");
    support::flash_image(&elf, 0x0800_0000, &flash);
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
fn objects_that_never_change_are_too() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["sensor"];
    firmware.objects = vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", "")];
    firmware.threads = vec![("sensor", "main", 256, "core::hint::black_box(&CONSTANT);")];
    firmware.rest = "#[unsafe(link_section = \".crossgate.object.sensor\")]
        static CONSTANT: [u32; 3] = [1, 2, 3];";
    let map = map(&firmware);
    assert_eq!(process(&map, "sensor").used, 4 + 12);
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

#[test]
fn statics_are_aligned_as_their_types_want() {
    let sensor = "use core::cell::UnsafeCell;
        #[repr(align(64))] pub struct Aligned(UnsafeCell<[u8; 64]>);
        unsafe impl Sync for Aligned {}
        static LIMIT: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(9);
        static BUFFER: Aligned = Aligned(UnsafeCell::new([0; 64]));
        pub fn work() {
            LIMIT.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
            core::hint::black_box(&BUFFER);
        }";
    let mut firmware = Firmware::new().library("sensor", sensor);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 256, "sensor::work()")];
    let map = map(&firmware);
    let sensor = process(&map, "sensor");
    assert_eq!(sensor.span.start % 64, 0);
    assert_eq!((sensor.data_end - sensor.span.start, sensor.span.size()), (4, 128));
}

#[test]
fn too_little_flash_is_told_with_sizes() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["fan", "sensor"];
    firmware.ram = 256;
    firmware.objects = vec![
        ("fan", "motor", "[u8; 40000]> = Cell(UnsafeCell::new([1; 40000]))", ""),
        ("sensor", "room", "[u8; 40000]> = Cell(UnsafeCell::new([2; 40000]))", ""),
    ];
    let error = error(&firmware);
    assert!(error.contains("FLASH is too small by"), "{error}");
    assert!(error.contains("the initial values of the processes' statics need 80"), "{error}");
}

/// The region of FLASH is rounded, like all regions, but it must never cover another memory.
#[test]
fn memories_that_can_not_be_protected_are_refused() {
    let mut firmware = Firmware::new();
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "main", 256, "")];
    for (memory, what) in [
        (
            "MEMORY { FLASH : ORIGIN = 0, LENGTH = 44K  RAM : ORIGIN = 0xB000, LENGTH = 84K }",
            "FLASH : ORIGIN = 0x0, LENGTH = 0xa000 would do",
        ),
        (
            "MEMORY { RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 44K
             FLASH (rx) : ORIGIN = 0x2000B000, LENGTH = 84K }",
            "opens 0x20008000 to 0x20020000, where RAM",
        ),
        (
            "INCLUDE parts.x
             REGION_ALIAS(\"FLASH\", ROM) REGION_ALIAS(\"RAM\", SRAM)",
            "opens 0x0 to 0x1c000, where SETTINGS",
        ),
        (
            "MEMORY { FLASH : ORIGIN = 0, LENGTH = 64K  RAM : ORIGIN = 0x20000000, LENGTH = 32K
             FAST : ORIGIN = 0x20007000, LENGTH = 8K }",
            "FAST (0x20007000 to 0x20009000) and RAM (0x20000000 to 0x20008000) overlap",
        ),
    ] {
        firmware.memory = memory;
        let parts =
            "MEMORY { ROM : ORIGIN = 0, LENGTH = 100K  SETTINGS : ORIGIN = 100K, LENGTH = 4K
                     SRAM : ORIGIN = 0x20000000, LENGTH = 32K }";
        std::fs::write(firmware.path().join("parts.x"), parts).unwrap();
        let error = error(&firmware);
        assert!(error.contains(what), "{error}");
    }
}

/// RAM may start anywhere: its contents are aligned, and nothing before it is used.
#[test]
fn ram_may_start_anywhere() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 1024, "sensor::work()")];
    firmware.kernel =
        "static mut STATE: u64 = 0x55; unsafe { core::hint::black_box(&raw mut STATE) };";
    for memory in [
        "MEMORY { FLASH : ORIGIN = 0, LENGTH = 64K  RAM : ORIGIN = 0x20000001, LENGTH = 8K }",
        "MEMORY { FLASH : ORIGIN = 0, LENGTH = 64K  RAM : ORIGIN = 0x200000C4, LENGTH = 8K }",
        "MEMORY { FLASH : ORIGIN = 0x20010000, LENGTH = 64K  RAM : ORIGIN = 0x2000C800, LENGTH = 8K }",
    ] {
        firmware.memory = memory;
        let map = map(&firmware);
        assert!(map.kernel_stack.start.is_multiple_of(32) && map.ram.contains(map.kernel_stack));
    }
}

/// The length follows from the code; where it can't be computed, memory.x may set it.
#[test]
fn the_stack_of_the_kernel_is_as_long_as_its_code_needs() {
    let size = |kernel: &'static str, memory: &'static str| {
        let mut firmware = Firmware::new();
        firmware.processes = vec!["sensor"];
        firmware.threads = vec![("sensor", "main", 256, "")];
        (firmware.kernel, firmware.memory) = (kernel, memory);
        firmware.rest = "
            #[inline(never)] fn large() { core::hint::black_box([0_u8; 600]); }
            #[inline(never)] fn turns(n: u32) -> u32 { core::hint::black_box(n) + turns(n / 2) + turns(n / 3) }";
        firmware.link().map(|elf| MemoryMap::from_elf(&elf).unwrap().kernel_stack.size())
    };
    let small = size("", "").unwrap();
    assert!((64..512).contains(&small), "{small}");
    let large = size("large()", "").unwrap();
    assert!((small + 600..small + 700).contains(&large), "{large}");
    let unknown = size("core::hint::black_box(turns(9));", "").unwrap();
    assert!(unknown >= small + 2048, "{unknown}");
    const MEMORY: &str =
        "MEMORY { FLASH : ORIGIN = 0, LENGTH = 64K  RAM : ORIGIN = 0x20000000, LENGTH = 8K }
                          _kernel_stack_size = 512;";
    assert_eq!(size("core::hint::black_box(turns(9));", MEMORY), Ok(512));
    let error = size("large()", MEMORY).unwrap_err();
    assert!(error.contains("_kernel_stack_size is 512, but the kernel needs"), "{error}");
}
