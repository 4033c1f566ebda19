// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of statics of libraries, of which each process has its own.

use crate::support::{Firmware, HELPER, error, map, process};
use crossgate_link::map::MemoryMap;
use object::{Object, ObjectSymbol};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A process that uses the library.
const USER: &str = "pub fn work() { core::hint::black_box(helper::count()); }";

/// A library with code and data that are local to their object file.
const PRIVATE: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
static COUNTER: AtomicU32 = AtomicU32::new(0);
static TABLE: [u32; 64] = { let mut table = [9; 64]; table[3] = 7; table };
#[inline(never)] fn private(value: u32) -> u32 { TABLE[value as usize % 64].rotate_left(3) }
#[inline(never)] pub fn public(value: u32) -> u32 { private(value) ^ 5 }
#[inline(never)] pub fn count() -> u32 { public(COUNTER.fetch_add(1, Relaxed)) + private(2) }";

/// Returns a firmware whose two processes use a library: `fan` in a thread, `sensor` in a method.
fn two_users(source: &str) -> Firmware {
    let firmware = Firmware::new().library("helper", source).library("fan", USER);
    with_processes(firmware, "helper::count();")
}

fn with_processes(mut firmware: Firmware, method: &'static str) -> Firmware {
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "fan::work()")];
    firmware.objects = vec![("sensor", "room", "u32> = Cell(UnsafeCell::new(3))", method)];
    firmware
}

/// Returns the addresses of all symbols by their names in the source. The name of a copy contains the name of the
/// process.
fn symbols(elf: &Path) -> BTreeMap<String, u64> {
    let data = fs::read(elf).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let named = |symbol: object::Symbol| {
        let (name, process) = symbol.name().unwrap().split_once(".for.").map_or_else(
            || (symbol.name().unwrap(), String::new()),
            |(name, process)| (name, format!(" for {process}")),
        );
        (format!("{:#}{process}", rustc_demangle::demangle(name)), symbol.address())
    };
    file.symbols().filter(|symbol| !symbol.is_undefined()).map(named).collect()
}

/// Checks that the firmware links, and that each process has its own static in its memory.
#[track_caller]
fn assert_apart(firmware: &Firmware, name: &str) -> (MemoryMap, BTreeMap<String, u64>) {
    let map = map(firmware);
    let symbols = symbols(&firmware.path().join("firmware.elf"));
    for (owner, name) in [("fan", name.to_owned()), ("sensor", format!("{name} for sensor"))] {
        let span = process(&map, owner).span;
        let address = symbols.get(&name).unwrap_or_else(|| panic!("no {name} in {symbols:#?}"));
        assert!((span.start..span.end).contains(address), "{owner} does not own {name}");
    }
    (map, symbols)
}

#[test]
fn each_process_has_its_own() {
    let firmware = Firmware::new().library("helper", HELPER).library("fan", USER);
    let firmware = with_processes(firmware, "helper::count_for(1_u64);");
    let (map, _) = assert_apart(&firmware, "helper::COUNTER");
    assert_eq!(process(&map, "fan").used, 4);
    assert_eq!(process(&map, "sensor").used, 8, "the object, and its own counter");
}

/// Only code that leads to a static is copied. Other code that it uses is not copied, even if that code is local to the
/// object file.
#[test]
fn code_without_statics_stays_common() {
    let mut firmware = Firmware::new();
    // There is one codegen unit, so that no other object refers to the private items.
    firmware.arguments = vec!["-Ccodegen-units=1"];
    let firmware = firmware.library("helper", PRIVATE).library("fan", USER);
    let firmware = with_processes(firmware, "helper::count();");
    let (map, symbols) = assert_apart(&firmware, "helper::COUNTER");
    let names = |name: &str| symbols.keys().filter(|it| it.starts_with(name)).count();
    assert_eq!((names("helper::count"), names("helper::public")), (2, 1));
    assert_eq!((names("helper::private"), names("helper::TABLE")), (1, 1));
    let [cost] = &map.costs[..] else { panic!("{map}") };
    assert_eq!((&*cost.process, cost.ram), ("sensor", 4));
    assert!(cost.flash < 120, "{map}");
}

/// The initial value of an object contains the address of a static; so does a constant.
#[test]
fn addresses_in_data_are_those_of_the_copies() {
    let helper = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        pub static MARK: AtomicU32 = AtomicU32::new(0);
        pub static MARKS: [&AtomicU32; 1] = [&MARK];
        #[inline(never)] pub fn count() -> u32 {
            core::hint::black_box(&MARKS)[0].fetch_add(1, Relaxed)
        }";
    let mut firmware = two_users(helper);
    let object = "&'static core::sync::atomic::AtomicU32> = Cell(UnsafeCell::new(&helper::MARK))";
    firmware.objects[0].2 = object;
    let (_, symbols) = assert_apart(&firmware, "helper::MARK");
    let data = fs::read(firmware.path().join("firmware.elf")).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let word = |symbol: &str| {
        use object::ObjectSection;
        let address = symbols[symbol];
        let mut sections = file.sections();
        let bytes = sections.find_map(|section| section.data_range(address, 4).ok().flatten());
        u64::from(u32::from_le_bytes(bytes.unwrap().try_into().unwrap()))
    };
    assert_eq!(word("helper::MARKS"), symbols["helper::MARK"]);
    assert_eq!(word("helper::MARKS for sensor"), symbols["helper::MARK for sensor"]);
    assert_eq!(word("firmware::OBJECT_0 for sensor"), symbols["helper::MARK for sensor"]);
}

/// There are three users, and each uses other statics. For each static, its first user keeps the original.
#[test]
fn some_are_used_by_some() {
    let helper = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static ONE: AtomicU32 = AtomicU32::new(1);
        static TWO: [AtomicU32; 2] = [const { AtomicU32::new(2) }; 2];
        static ONLY: [AtomicU32; 16] = [const { AtomicU32::new(2) }; 16];
        #[inline(never)] pub fn one() -> u32 { ONE.fetch_add(1, Relaxed) }
        #[inline(never)] pub fn two() -> u32 { TWO[one() as usize % 2].fetch_add(1, Relaxed) }
        #[inline(never)] pub fn only() -> u32 { ONLY[two() as usize % 16].fetch_add(1, Relaxed) }";
    let mut firmware = Firmware::new().library("helper", helper);
    firmware.arguments = vec!["-Cllvm-args=-enable-global-merge=false"];
    firmware.rest = "#[unsafe(no_mangle)] static __crossgate_statics_apart: [u8; 0] = [];";
    firmware.processes = vec!["a", "b", "c"];
    firmware.threads = vec![
        ("a", "main", 256, "helper::one();"),
        ("b", "main", 256, "helper::two();"),
        ("c", "main", 256, "helper::only();"),
    ];
    let map = map(&firmware);
    let used = ["a", "b", "c"].map(|name| process(&map, name).used);
    assert_eq!(used, [4, 4 + 8, 4 + 8 + 64]);
    let text = map.to_string();
    for line in ["  helper::ONE: a, b, c\n", "  helper::TWO: b, c\n"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("ONLY"), "{text}");
    let costs: Vec<_> = map.costs.iter().map(|cost| (&*cost.process, cost.ram)).collect();
    assert_eq!(costs, [("b", 4), ("c", 12)]);
}

#[test]
fn the_same_inputs_make_the_same_firmware() {
    let firmware = two_users(HELPER);
    let read = || fs::read(firmware.link().unwrap()).unwrap();
    assert!(read() == read());
}

/// The debugger gets the same information about a copy as about the original.
#[test]
fn the_debugger_knows_the_copies() {
    let mut firmware = Firmware::new();
    firmware.arguments = vec!["-g"];
    let firmware = firmware.library("helper", HELPER).library("fan", USER);
    let firmware = with_processes(firmware, "helper::count();");
    let (_, symbols) = assert_apart(&firmware, "helper::COUNTER");
    let loader = addr2line::Loader::new(firmware.path().join("firmware.elf")).unwrap();
    for name in ["helper::count", "helper::count for sensor"] {
        let mut frames = loader.find_frames(symbols[name] & !1).unwrap();
        let frame = frames.next().unwrap().expect("a function is known there");
        let function = frame.function.unwrap().demangle().unwrap().into_owned();
        assert!(function.starts_with("helper::count"), "{function}");
        let place = frame.location.unwrap();
        assert!(place.file.unwrap().ends_with("helper.rs"), "{:?}", place.file);
        assert_eq!(place.line, Some(6));
    }
}

/// Kinds of symbols of which the linker takes the first: groups, weak symbols, and common symbols of C.
#[test]
fn whatever_kind_of_symbol_it_is() {
    const COMMON: &str = ".comm total, 4, 4";
    const WEAK: &str = ".section .data.total,\\\"aw\\\"\", \".weak total\", \".type total, %object\", \
        \".size total, 4\", \"total: .long 9\", \".text";
    const GROUP: &str = ".section .data.total,\\\"awG\\\",%progbits,some_group,comdat\", \".weak total\", \
        \".type total, %object\", \".size total, 4\", \"total: .long 9\", \".text";
    for definition in [COMMON, WEAK, GROUP] {
        let helper = format!(
            "core::arch::global_asm!(\"{definition}\");
            unsafe extern \"C\" {{ static mut total: u32; }}
            #[inline(never)] pub fn count() -> u32 {{ unsafe {{ total += 1; total }} }}"
        );
        let (map, _) = assert_apart(&two_users(&helper), "total");
        assert_eq!(process(&map, "fan").used, 4, "{definition}");
    }
}

/// A file with so many sections that a section number does not fit into a symbol.
#[test]
fn of_files_with_many_sections() {
    let helper = format!(
        "core::arch::global_asm!(\".macro many\", \".section .text.many\\\\@,\\\"ax\\\"\", \"nop\", \".endm\",
            \".rept 66000\", \"many\", \".endr\", \".text\");
        {PRIVATE}"
    );
    let mut firmware = Firmware::new();
    firmware.arguments = vec!["-Ccodegen-units=1"];
    let firmware = firmware.library("helper", &helper).library("fan", USER);
    assert_apart(&with_processes(firmware, "helper::count();"), "helper::COUNTER");
}

#[test]
fn what_is_kept_is_kept_by_each() {
    let kept = "#[unsafe(link_section = \".crossgate.kept.COUNTER\")] static COUNTER";
    let (map, _) =
        assert_apart(&two_users(&HELPER.replace("static COUNTER", kept)), "helper::COUNTER");
    let kept = |name: &str| process(&map, name).span.end - process(&map, name).kept_start;
    assert_eq!((kept("fan"), kept("sensor")), (4, 4));
}

/// Statics for which copies would be a mistake.
#[test]
fn not_every_static_is_copied() {
    const STATIC: &str = "static COUNTER";
    let lent = "#[unsafe(link_section = \".crossgate.shared.COUNTER\")] static COUNTER";
    let interface = "#[unsafe(link_section = \".crossgate.interface\")] #[used] static MARK: () = (); static COUNTER";
    for (replaced, why) in [
        (lent, "because what may be lent (`shared!`) has one owner"),
        (interface, "because its crate has an `#[interface]`"),
    ] {
        let error = error(&two_users(&HELPER.replace(STATIC, replaced)));
        let used = "static `helper::COUNTER` (4 bytes, crate `helper`) is used by process `fan` and process \
                    `sensor`; each can't have its own, ";
        for part in [used, why, "fan::work", "method_0"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    }
    let mut firmware = Firmware::new();
    firmware.processes = vec!["fan", "sensor"];
    firmware.threads = vec![("fan", "main", 256, "count()"), ("sensor", "main", 256, "count()")];
    firmware.rest =
        "static COUNT: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(5);
        #[inline(never)] fn count() { COUNT.fetch_add(1, core::sync::atomic::Ordering::Relaxed); }";
    let error = error(&firmware);
    let expected = "because it is in the firmware's own crate, which is no library";
    assert!(error.contains("static `firmware::COUNT`") && error.contains(expected), "{error}");
}

/// A crate must not define such a name, because it could replace a copy.
#[test]
fn names_of_copies_are_not_to_be_taken() {
    for name in ["helper::count", "helper::COUNTER"] {
        let firmware = Firmware::new().library("helper", HELPER);
        let taken = firmware.symbol("helper", name);
        let fan = format!(
            "#[unsafe(export_name = \"{taken}.for.sensor\")] pub static TAKEN: u32 = 1; {USER}"
        );
        let firmware = with_processes(firmware.library("fan", &fan), "helper::count();");
        let error = error(&firmware);
        let expected = "(crate `fan`) is named as `crossgate-link` names copies of statics";
        assert!(error.contains(expected), "{error}");
    }
}

/// The largest allowed factor by which copies make linking slower.
const LONGER: f64 = 1.5;

#[test]
#[ignore = "it measures time: `cargo xtask soak` runs it"]
fn linking_with_copies_takes_little_longer() {
    const FORMAT: &str = "
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
struct Sink(u32);
impl Write for Sink {
    fn write_str(&mut self, text: &str) -> core::fmt::Result { self.0 += text.len() as u32; Ok(()) }
}
#[inline(never)] pub fn tell(value: u32) -> u32 {
    let mut sink = Sink(0);
    let _ = write!(sink, \"{value:?}\");
    sink.0 + count()
}";
    let with = "static COUNTER: AtomicU32 = AtomicU32::new(0);
        #[inline(never)] pub fn count() -> u32 { COUNTER.fetch_add(1, Relaxed) }";
    let without = "#[inline(never)] pub fn count() -> u32 { core::hint::black_box(1) }";
    let with = linking(&format!("{FORMAT} {with}"), 29);
    let without = linking(&format!("{FORMAT} {without}"), 0);
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    eprintln!(
        "30 processes link in {with:.2?} with copies, {without:.2?} without: {ratio:.2} times"
    );
    assert!(ratio <= LONGER);
}

/// Returns the shortest time to link 30 processes that use a library. `copies` of them have copies.
fn linking(library: &str, copies: usize) -> Duration {
    let mut firmware = Firmware::new().library("helper", library);
    for number in 0..30 {
        let leaked = |text: String| &*Box::leak(text.into_boxed_str());
        let process = leaked(format!("p{number}"));
        firmware.processes.push(process);
        let body = leaked(format!("core::hint::black_box(helper::tell({number}))"));
        firmware.threads.push((process, "main", 256, body));
    }
    assert_eq!(map(&firmware).costs.len(), copies);
    // With these options the compiler prints the linker's command line, and does not delete the inputs.
    firmware.arguments = vec!["-Csave-temps", "--print=link-args"];
    let line = firmware.printed();
    let time = |_| {
        let start = Instant::now();
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        start.elapsed()
    };
    (0..5).map(time).min().unwrap()
}
