// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of firmware that is built as users build it: by cargo, with cortex-m-rt and its linker script.

use crate::support::{self, Firmware, TARGET};
use crossgate_link::map::MemoryMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Builds the firmware `name` of this wiring. `dependencies` are added to those that every firmware has.
fn build(name: &str, wiring: &Firmware, dependencies: &str) -> (Output, PathBuf) {
    let config = format!("target.{TARGET}.linker = {:?}", env!("CARGO_BIN_EXE_crossgate-link"));
    build_with(
        name,
        &wiring.source(),
        dependencies,
        &["--config", &config],
        &["-Clink-arg=-Tlink.x"],
    )
}

/// Builds the firmware `name` of this source with these arguments for cargo, and for rustc.
fn build_with(
    name: &str,
    source: &str,
    dependencies: &str,
    cargo: &[&str],
    rustc: &[&str],
) -> (Output, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n\
             [[bin]]\nname = \"{name}\"\npath = \"main.rs\"\n\
             [dependencies]\ncrossgate-abi = {{ path = \"{root}/abi\" }}\n\
             cortex-m-rt = \"0.7\"\n{dependencies}"
        ),
    );
    // This uses the same versions of dependencies as the workspace.
    fs::copy(format!("{root}/Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    write(
        "memory.x",
        // The symbol of firmware with a port is in an object file.
        "MEMORY { FLASH : ORIGIN = 0x0, LENGTH = 128K RAM : ORIGIN = 0x20000000, LENGTH = 16K }
         PROVIDE(__crossgate_protection_unit = 2);",
    );
    write(
        "build.rs",
        "fn main() { println!(\"cargo::rustc-link-search={}\", env!(\"CARGO_MANIFEST_DIR\")); }",
    );
    write("main.rs", source);
    // The dependencies are compiled once for many runs of this test.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cortex-m-rt");
    let output = Command::new(env!("CARGO"))
        // Arguments for the firmware's own crate only, so that the others are compiled once.
        .args(["rustc", "--quiet", "--target", TARGET, "--bin", name])
        .args(cargo)
        .arg("--")
        .args(rustc)
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTFLAGS")
        .current_dir(folder.path())
        .output()
        .unwrap();
    (output, target.join(TARGET).join("debug").join(name))
}

/// Returns a wiring of one process with one thread that runs this code. Cortex-m-rt starts the firmware.
fn wiring(what: &'static str, rest: &'static str) -> Firmware {
    let mut wiring = Firmware::new();
    wiring.processes = vec!["sensor"];
    wiring.threads = vec![("sensor", "sampler", 512, what)];
    wiring.rest = rest;
    wiring.kernel = "unsafe { core::hint::black_box(&raw mut KERNEL) };";
    wiring.entry = "main";
    wiring
}

#[test]
fn the_scripts_of_cortex_m_rt_are_used_as_they_are() {
    let wiring = wiring(
        "count()",
        "use cortex_m_rt as _;
        use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static COUNT: AtomicU32 = AtomicU32::new(5);
        #[inline(never)] fn count() { core::hint::black_box(COUNT.fetch_add(1, Relaxed)); }
        static mut KERNEL: u32 = 8;",
    );
    let (output, elf) = build("firmware", &wiring, "");
    assert!(output.status.success(), "{}", support::text(&output));

    let map = MemoryMap::from_elf(&elf).unwrap();
    let [(name, statics)] = &map.kernel[..] else { panic!("{map}") };
    assert_eq!((&**name, statics.size()), (".data", 4));
    assert_eq!(map.kernel_stack.start, 0x2000_0000, "at the start of RAM");
    assert_eq!(map.processes[0].used, 4);
    // The first interrupt vector is the kernel's stack pointer.
    let flash = elf.with_extension("bin");
    support::flash_image(&elf, 0, &flash);
    assert_eq!(fs::read(flash).unwrap()[..4], (map.kernel_stack.end as u32).to_le_bytes());
}

/// The linker says how a process gets critical sections.
#[test]
fn a_critical_section_without_an_implementation_does_not_link() {
    let wiring = wiring(
        "critical_section::with(|_| ())",
        "use cortex_m_rt as _;
        static mut KERNEL: u32 = 8;",
    );
    let (output, _) = build("critical", &wiring, "critical-section = \"1\"\n");
    let text = support::text(&output);
    assert!(!output.status.success(), "it links: {text}");
    for part in ["_critical_section_1_0_acquire", "use crossgate_critical_section as _;"] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

/// Switches the implementation of `cortex-m` on, which masks interrupts.
const SINGLE_CORE: &str =
    "[dependencies.cortex-m]\nversion = \"0.7\"\nfeatures = [\"critical-section-single-core\"]\n";

/// A crate may switch an implementation on that no process uses.
#[test]
fn an_implementation_that_nobody_uses_links() {
    let wiring =
        wiring("()", "use {cortex_m as _, cortex_m_rt as _};\nstatic mut KERNEL: u32 = 8;");
    let (output, _) = build("unused", &wiring, SINGLE_CORE);
    assert!(output.status.success(), "{}", support::text(&output));
}

/// `cortex-m` has an implementation, but it masks interrupts, which has no effect in a process.
#[test]
fn nor_does_one_that_would_do_nothing() {
    for (name, what, dependencies, expected) in [
        (
            "single",
            "critical_section::with(|_| ())",
            format!("critical-section = \"1\"\n{SINGLE_CORE}"),
            "the feature `critical-section-single-core` of the crate `cortex-m` is switched on",
        ),
        (
            "free",
            "cortex_m::interrupt::free(|_| ())",
            "cortex-m = \"0.7\"\n".to_owned(),
            "process `sensor` masks interrupts (`cpsid`)",
        ),
    ] {
        let wiring =
            wiring(what, "use {cortex_m as _, cortex_m_rt as _};\nstatic mut KERNEL: u32 = 8;");
        let (output, _) = build(name, &wiring, &dependencies);
        let text = support::text(&output);
        for part in [expected, "use crossgate_critical_section as _;"] {
            assert!(text.contains(part), "`{part}` is not in {text}");
        }
    }
}

/// The source of a firmware as a user writes it.
const CONTROL: &str = "#![no_std]\n#![no_main]
crossgate::system! {
    static SYSTEM;
    process control { thread main (priority = 2, stack = 2048) = run(); }
}
mps2_an385::start!(SYSTEM);
fn run() -> ! { loop {} }";

/// Returns the dependencies of that firmware.
fn for_board() -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    format!(
        "cortex-m = \"0.7\"\ncrossgate = {{ path = \"{root}/crossgate\" }}\n\
         mps2-an385 = {{ path = \"{root}/boards/mps2-an385\", package = \"crossgate-mps2-an385\" }}\n"
    )
}

/// Builds that firmware as users do.
fn build_for_board(name: &str, source: &str) -> Output {
    let config = format!("target.{TARGET}.linker = {:?}", env!("CARGO_BIN_EXE_crossgate-link"));
    let (cargo, rustc) = (["--config", &config], ["-Clink-arg=-Tlink.x"]);
    build_with(name, source, &for_board(), &cargo, &rustc).0
}

/// Without this check, another linker would write an empty file and report no error.
#[test]
fn another_linker_can_not_link_it() {
    let output = build_for_board("settings", CONTROL);
    assert!(output.status.success(), "{}", support::text(&output));
    for arguments in [&[][..], &["-Clink-arg=-Tlink.x"]] {
        let (output, _) = build_with("settings", CONTROL, &for_board(), &[], arguments);
        let text = support::text(&output);
        let expected = "undefined symbol: __crossgate_firmware_has_to_be_linked_by_crossgate_link";
        assert!(!output.status.success() && text.contains(expected), "{text}");
    }
}

#[test]
fn interrupt_lines_that_the_board_has_not_are_refused() {
    let build = |line: &str| {
        let items = format!("process control {{ notification CAME; interrupt {line} => CAME;");
        build_for_board("lines", &CONTROL.replace("process control {", &items))
    };
    let output = build("31");
    assert!(output.status.success(), "the last one: {}", support::text(&output));
    let text = support::text(&build("32"));
    let expected = "interrupt line 32, which is bound to `CAME`, does not exist: the lines of this board are \
                    those below 32";
    assert!(text.contains(expected), "{text}");
}

/// Builds a firmware with a handler above the kernel, which needs this much stack.
fn with_handler(wiring: &str, stack: usize) -> (Output, PathBuf) {
    let source = CONTROL.replace("process control {", &format!("process control {{ {wiring}"));
    let source = source.replace("mps2_an385::start!(SYSTEM);", "port::start!(SYSTEM, Mine);");
    let source = format!(
        "{source}
use mps2_an385::{{Hardware, port::{{self, Board, zero_latency::{{Handler, Line, Signal}}}}}};
struct Mine;
impl Board for Mine {{
    const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
    const LINES: u16 = Hardware::LINES;
    const ZERO_LATENCY: &'static [Line] = &[Line::of::<Urgent>()];
    type Counter = <Hardware as Board>::Counter;
    fn tell(_: u8) {{}}
}}
struct Urgent;
impl Handler for Urgent {{
    const LINE: u16 = 9;
    const SIGNALS: u16 = 20;
    fn serve(signal: Signal<Self>) {{
        core::hint::black_box(&mut [0u8; {stack}]);
        signal.signal();
    }}
}}"
    );
    let config = format!("target.{TARGET}.linker = {:?}", env!("CARGO_BIN_EXE_crossgate-link"));
    let rustc = ["-Clink-arg=-Tlink.x", "-Copt-level=s"];
    build_with("handler", &source, &for_board(), &["--config", &config], &rustc)
}

#[test]
fn the_stack_of_handlers_above_the_kernel_is_part_of_the_kernels() {
    let needed = |stack| {
        let (output, elf) = with_handler("notification CAME; interrupt 20 => CAME;", stack);
        assert!(output.status.success(), "{}", support::text(&output));
        MemoryMap::from_elf(&elf).unwrap().kernel_stack.size()
    };
    assert_eq!(needed(256) - needed(32), 256 - 32, "once, whoever refers to it");
}

#[test]
fn the_line_of_a_handler_above_the_kernel_can_not_be_bound() {
    let (output, _) = with_handler("notification CAME; interrupt 9 => CAME;", 0);
    let text = support::text(&output);
    let expected = "the zero-latency handler of interrupt line 9 never lets the kernel see it, so `CAME` would \
                    never be signalled. Bind the line that the handler signals: 20";
    assert!(!output.status.success() && text.contains(expected), "{text}");
}

/// The idle thread sleeps on the kernel's stack, so that counts, if the firmware sleeps deeply.
#[test]
fn the_stack_of_a_deep_sleep_is_part_of_the_kernels() {
    let needed = |item: &str, stack: usize| {
        let source = CONTROL.replace("process control {", &format!("{item} process control {{"));
        let source = source.replace("mps2_an385::start!(SYSTEM);", "port::start!(SYSTEM, Mine);");
        let source = format!(
            "{source}
use mps2_an385::{{Hardware, port::{{self, Board, sleep::{{Depth, Slept, wait}}}}}};
struct Mine;
impl Board for Mine {{
    const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
    const LINES: u16 = Hardware::LINES;
    type Counter = <Hardware as Board>::Counter;
    fn sleep(_: Depth, _: u64) -> Slept {{
        core::hint::black_box(&mut [0u8; {stack}]);
        wait();
        Slept::LIGHT
    }}
    fn tell(_: u8) {{}}
}}"
        );
        let config = format!("target.{TARGET}.linker = {:?}", env!("CARGO_BIN_EXE_crossgate-link"));
        let rustc = ["-Clink-arg=-Tlink.x", "-Copt-level=s"];
        let cargo = ["--config", &config];
        // Each has a file of its own.
        let name = format!("sleep_{}_{stack}", item.len());
        let (output, elf) = build_with(&name, &source, &for_board(), &cargo, &rustc);
        assert!(output.status.success(), "{}", support::text(&output));
        MemoryMap::from_elf(&elf).unwrap().kernel_stack.size()
    };
    // (Both are more than any exception needs. The compiler may save one more register, and the size is rounded up to a
    // multiple of 32.)
    let more = needed("deep_sleep;", 6144) - needed("deep_sleep;", 5120);
    assert!((1024..=1056).contains(&more), "{more}");
    assert_eq!(needed("", 6144), needed("", 5120), "without deep sleep nothing calls it");
}
