// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the heaps of processes.

use crate::support::{Firmware, error, map, process};

/// The allocator of a firmware, like that in the crate `crossgate`.
const CROSSGATE: &str = "
use core::alloc::{GlobalAlloc, Layout};
unsafe extern \"Rust\" { safe static __crossgate_heap: crossgate_abi::table::Heap; }
struct Allocator;
#[global_allocator] static ALLOCATOR: Allocator = Allocator;
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { __crossgate_heap.allocator.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { __crossgate_heap.allocator.dealloc(pointer, layout) }
    }
}
#[unsafe(no_mangle)]
extern \"Rust\" fn __crossgate_heap_exhausted(size: usize, _: usize) -> ! {
    loop { core::hint::black_box((__crossgate_heap.exhausted, size)); }
}";

/// A heap of 1000 bytes.
const ALLOCATOR: &str = "
use core::alloc::{GlobalAlloc, Layout};
pub struct Arena(core::cell::UnsafeCell<[u8; 1000]>);
impl Arena { pub const fn new() -> Arena { Arena(core::cell::UnsafeCell::new([0; 1000])) } }
unsafe impl Sync for Arena {}
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 { self.0.get().cast() }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}";

/// A library that allocates.
const HELPER: &str = "extern crate alloc;
#[inline(never)] pub fn list(length: usize) -> alloc::vec::Vec<u8> {
    core::iter::repeat_n(7, length).collect()
}
#[inline(never)] pub fn pure(value: u32) -> u32 { value.rotate_left(3) }";

/// The heaps, as `crossgate::system!` writes them.
const OF_FAN: &str = "extern crate crossgate;
#[unsafe(link_section = \".crossgate.heap.fan\")] #[unsafe(export_name = \"__crossgate_arena_fan\")]
static OF_FAN: allocator::Arena = allocator::Arena::new();
#[unsafe(no_mangle)] static __crossgate_heap_of_fan: Heap = Heap { allocator: &OF_FAN, exhausted: \"fan\" };";
const OF_BOTH: &str = "extern crate alloc; extern crate crossgate;
#[unsafe(link_section = \".crossgate.heap.fan\")] #[unsafe(export_name = \"__crossgate_arena_fan\")]
static OF_FAN: allocator::Arena = allocator::Arena::new();
#[unsafe(no_mangle)] static __crossgate_heap_of_fan: Heap = Heap { allocator: &OF_FAN, exhausted: \"fan\" };
#[unsafe(link_section = \".crossgate.heap.sensor\")] #[unsafe(export_name = \"__crossgate_arena_sensor\")]
static OF_SENSOR: allocator::Arena = allocator::Arena::new();
#[unsafe(no_mangle)] static __crossgate_heap_of_sensor: Heap = Heap { allocator: &OF_SENSOR, exhausted: \"sensor\" };";

/// Returns a firmware in which `fan` allocates, with these heaps, and with this method of `sensor`.
fn firmware(heaps: &'static str, method: &'static str) -> Firmware {
    let fan = "pub fn work() { core::hint::black_box(helper::list(core::hint::black_box(5))); }";
    let firmware = Firmware::new().library("crossgate", CROSSGATE).library("allocator", ALLOCATOR);
    let mut firmware = firmware.library("helper", HELPER).library("fan", fan);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()")];
    firmware.objects = vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", method)];
    firmware.rest = heaps;
    firmware.entry = "Reset";
    firmware
}

const ALLOCATES: &str = "core::hint::black_box(helper::list(9));";
const DOES_NOT: &str = "core::hint::black_box(helper::pure(9));";

#[test]
fn each_process_has_its_own() {
    let map = map(&firmware(OF_BOTH, ALLOCATES));
    for name in ["fan", "sensor"] {
        let process = process(&map, name);
        assert_eq!(process.heap, 1000);
        assert!(process.span.size() >= 1000 && process.used < 1012, "{map}");
        assert_eq!(process.kept_start - process.data_end, process.span.end - process.data_end);
    }
    // Only code that leads to an allocation is copied.
    let [cost] = &map.costs[..] else { panic!("{map}") };
    assert_eq!((&*cost.process, cost.ram), ("sensor", 0));
    assert!((100..1500).contains(&cost.flash), "{map}");
    assert!(map.to_string().contains("statics, 1000 of heap"), "{map}");
    let of_heaps = map.constants.iter().filter(|(name, _)| name.contains(".zeroed."));
    assert_eq!(of_heaps.count(), 0, "a heap takes up no flash");
}

#[test]
fn who_does_not_allocate_needs_none() {
    let map = map(&firmware(OF_FAN, DOES_NOT));
    assert_eq!((process(&map, "fan").heap, process(&map, "sensor").heap), (1000, 0));
    assert!(map.costs.is_empty(), "{map}");
}

#[test]
fn who_allocates_needs_one() {
    let said = error(&firmware(OF_FAN, ALLOCATES));
    for part in [
        "process `sensor` allocates, but has no heap",
        "helper::list",
        "`heap = 4096;` (its length in bytes) in the block of `sensor` in `system!`",
        "the dependency `crossgate-alloc` of the firmware",
    ] {
        assert!(said.contains(part), "`{part}` is not in {said}");
    }
    assert!(!said.contains("process `fan`"), "{said}");
}

#[test]
fn without_any_heap_all_who_allocate_are_named() {
    let said = error(&firmware("extern crate crossgate;", ALLOCATES));
    for name in ["fan", "sensor"] {
        assert!(said.contains(&format!("process `{name}` allocates, but has no heap")), "{said}");
    }
}

#[test]
fn the_kernel_has_none() {
    let mut firmware = firmware(OF_BOTH, ALLOCATES);
    firmware.kernel =
        "core::hint::black_box(unsafe { alloc::alloc::alloc(core::alloc::Layout::new::<u32>()) });";
    let said = error(&firmware);
    assert!(said.contains("the kernel allocates, but has no heap"), "{said}");
}

/// The crate of a process can't take the place of the wiring.
#[test]
fn only_the_wiring_places_heaps() {
    let fan = "#[unsafe(link_section = \".crossgate.heap.sensor\")]
        static MINE: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(1);
        pub fn work() { MINE.fetch_add(1, core::sync::atomic::Ordering::Relaxed); }";
    let mut firmware = Firmware::new().library("fan", fan);
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()"), ("sensor", "main", 256, "")];
    let said = error(&firmware);
    assert!(said.contains("(section `.crossgate.heap.sensor`) of crate `fan`"), "{said}");
}

/// Such a value is refused, because no code would write it when the process starts.
#[test]
fn heaps_have_no_initial_values() {
    let value = |value: &str| {
        let place = "#[unsafe(link_section = \".crossgate.heap.fan\")] #[used]";
        let text = format!("{OF_FAN} {place} static VALUE: {value};");
        let said = error(&firmware(Box::leak(text.into_boxed_str()), DOES_NOT));
        let expected = "::VALUE` (section `.crossgate.heap.fan`) has an initial value";
        assert!(said.contains(expected), "{said}");
    };
    value("core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(1)");
    value(
        "core::sync::atomic::AtomicPtr<u8> = \
         core::sync::atomic::AtomicPtr::new(core::ptr::from_ref(&7_u8).cast_mut())",
    );
}
