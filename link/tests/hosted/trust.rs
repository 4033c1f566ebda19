// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of trust: the crates whose code the host's side and the processes run.

use crate::support::{Firmware, assert_says, error, program};

/// Returns a firmware whose process `sensor` has this crate.
fn sensor(name: &'static str, source: &'static str) -> Firmware {
    Firmware::new(name).library("sensor", source)
}

/// Otherwise the Rust library would call the function, with the rights of the kernel.
#[test]
fn names_that_the_host_looks_for_are_not_a_process_to_define() {
    for (name, source) in [
        ("malloc", "#[unsafe(no_mangle)] pub extern \"C\" fn malloc() {}"),
        ("memcpy", "core::arch::global_asm!(\".weak memcpy\", \"memcpy: ret\");"),
        ("write", "core::arch::global_asm!(\".globl write\", \".set write, 0x1000\");"),
        ("environ", "#[unsafe(no_mangle)] pub static environ: usize = 5;"),
        (
            "__crossgate_host_panic",
            "#[unsafe(no_mangle)] pub extern \"C\" fn __crossgate_host_panic() {}",
        ),
    ] {
        let source = format!("{source} pub fn work() -> u32 {{ 1 }}");
        let firmware = sensor("host_names", source.leak());
        let expected =
            format!("the kernel would use `{name}` of crate `sensor`, which is a process'");
        assert_says(&error(&firmware), &[&expected]);
    }
}

#[test]
fn nothing_of_a_process_runs_before_the_kernel() {
    let firmware = sensor(
        "constructors",
        "#[unsafe(link_section = \".init_array\")] #[used]
        static START: extern \"C\" fn() = start; extern \"C\" fn start() {}
        pub fn work() -> u32 { 1 }",
    );
    assert_says(
        &error(&firmware),
        &["section `.init_array`", "of crate `sensor`, which is a process'"],
    );
}

#[test]
fn what_one_process_defines_no_other_uses() {
    let mut firmware = sensor(
        "hooks",
        "#[unsafe(no_mangle)] pub extern \"C\" fn hook() -> u32 { core::hint::black_box(1) }
        pub fn work() -> u32 { hook() }",
    );
    program(&firmware);
    firmware.rest = "unsafe extern \"C\" { safe fn hook() -> u32; }";
    firmware.processes.push(("fan", "hook()"));
    let expected = "process `fan` would use `hook` of crate `sensor`, which is another process'";
    assert_says(&error(&firmware), &[expected]);
}

/// No microcontroller has `std`.
#[test]
fn a_process_has_no_std() {
    let mut firmware = sensor("std", "pub fn work() -> u32 { 1 }");
    for (work, name) in [
        ("{ println!(\"5\"); 1 }", "std::io::stdio::_print"),
        ("{ std::thread::sleep(core::time::Duration::ZERO); 1 }", "std::thread::"),
    ] {
        firmware.processes = vec![("sensor", work)];
        let expected = "which a process does not have on a microcontroller";
        assert_says(
            &error(&firmware),
            &["process `sensor` uses `", name, expected, "`crossgate-log`"],
        );
    }
    firmware.build = firmware.build.replace("build()", "build_with_std()");
    program(&firmware);
}

/// A process may allocate if it has a heap, and no other process needs one.
#[test]
fn who_allocates_needs_a_heap() {
    const BOX: &str = "*Box::new(core::hint::black_box(1))";
    let mut firmware = sensor("heap", "pub fn work() -> u32 { 1 }");
    firmware.uses = "crossgate-alloc = { path = \"ROOT/alloc\" }\n";
    for (work, name) in [
        (BOX, "__rustc::__rust_"),
        ("format!(\"{}\", core::hint::black_box(1)).len() as u32", "alloc::"),
    ] {
        firmware.processes = vec![("sensor", work), ("fan", "2")];
        let said = error(&firmware);
        let way_out = "`heap = 4096;` (its length in bytes) in the block of `sensor`";
        assert_says(&said, &["process `sensor` allocates, but has no heap", name, way_out]);
        assert!(!said.contains("`fan`"), "{said}");
    }
    firmware.processes = vec![("fan", "2")];
    firmware.wiring = "process sensor {
        heap = 4096;
        thread main (priority = 2, stack = 2048) =
            crate::tell(\"sensor\", board::UART0, *Box::new(core::hint::black_box(1)));
    }";
    program(&firmware);
}

/// Optimisations of the compiler do not matter.
#[test]
fn what_may_be_lent_is_apart() {
    let mut firmware = sensor(
        "lent",
        "crossgate::shared! { static READS: u32 = 1; static TURNS: u32 = 2; }
        pub fn read() -> u32 { *READS.take().unwrap() }
        pub fn turn() -> u32 { *TURNS.take().unwrap() }",
    );
    firmware.processes = vec![("meter", "sensor::read()"), ("fan", "sensor::turn()")];
    // The profile for all code of a process: its own, and that of its library.
    const OPTIMISED: &str = "[profile.dev]\nopt-level = 3\ncodegen-units = 1\ndebug = 0
        [profile.dev.package.crossgate]\nopt-level = 3\ncodegen-units = 1
        [profile.dev.package.crossgate-abi]\nopt-level = 3\ncodegen-units = 1";
    const PLAIN: &str = "[profile.dev]\nopt-level = 0\ncodegen-units = 1\ndebug = 0
        [profile.dev.package.crossgate]\ncodegen-units = 1
        [profile.dev.package.crossgate-abi]\ncodegen-units = 1";
    for profile in [PLAIN, OPTIMISED] {
        firmware.profile = profile;
        let program = program(&firmware);
        assert_eq!(program.statics_of("meter"), ["sensor::READS", "sensor::READS::MEMORY"]);
        assert_eq!(program.statics_of("fan"), ["sensor::TURNS", "sensor::TURNS::MEMORY"]);
    }
}
