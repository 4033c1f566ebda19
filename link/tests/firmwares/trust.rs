// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of trust: the crates whose code the kernel and the processes run.

use crate::support::{Firmware, error, map};
use std::fs;

/// Returns a firmware with two processes: `hostile`, with this source, and `victim`. Its kernel copies memory.
fn hostile(source: &str) -> Firmware {
    with_processes(Firmware::new().library("hostile", &format!("{source}\npub fn work() {{}}")))
}

fn with_processes(mut firmware: Firmware) -> Firmware {
    firmware.processes = vec!["hostile", "victim"];
    firmware.threads =
        vec![("hostile", "main", 256, "hostile::work()"), ("victim", "main", 256, "victim()")];
    firmware.kernel = "
        static mut COPY: [u8; 300] = [0; 300];
        let from = core::hint::black_box(&raw const COPY).cast::<u8>();
        unsafe { core::hint::black_box(&raw mut COPY).cast::<u8>().copy_from_nonoverlapping(from, core::hint::black_box(9)) };";
    firmware.rest = "#[inline(never)] fn victim() { core::hint::black_box(1); }";
    firmware
}

#[track_caller]
fn assert_refused(firmware: &Firmware, parts: &[&str]) {
    let error = error(firmware);
    for part in parts {
        assert!(error.contains(part), "`{part}` is not in {error}");
    }
}

/// Any form of definition is refused.
#[test]
fn names_that_the_kernel_looks_for_are_not_a_process_to_define() {
    const EMPTY: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn NAME() {}";
    const WEAK: &str = "core::arch::global_asm!(\".weak NAME\", \"NAME: bx lr\");";
    const NUMBER: &str = "core::arch::global_asm!(\".globl NAME\", \".set NAME, 0x20000101\");";
    const COMMON: &str = "core::arch::global_asm!(\".comm NAME, 8, 4\");";
    const STATIC: &str = "#[unsafe(no_mangle)] pub static NAME: u32 = 5;";
    const ALIAS: &str =
        "core::arch::global_asm!(\".globl NAME\", \".thumb_set NAME, alias\", \"alias: bx lr\");";
    const GROUP: &str = "core::arch::global_asm!(
        \".section .text.NAME,\\\"axG\\\",%progbits,NAME,comdat\", \".weak NAME\", \"NAME: bx lr\", \".text\");";
    for (name, source) in [
        ("SysTick", EMPTY),
        ("SysTick", WEAK),
        ("SysTick", NUMBER),
        ("SysTick", COMMON),
        ("SysTick", ALIAS),
        ("SysTick", GROUP),
        // Only linker scripts refer to these names.
        ("__pre_init", EMPTY),
        ("TIMER", EMPTY),
        ("_stack_start", STATIC),
        ("__crossgate_flash_end", STATIC),
        ("__crossgate_protection_unit", NUMBER),
        ("__crossgate_memory_victim", STATIC),
        // The kernel calls this function.
        ("__aeabi_memcpy", WEAK),
        ("__aeabi_memcpy", EMPTY),
    ] {
        let firmware = hostile(&source.replace("NAME", name));
        assert_refused(
            &firmware,
            &[&format!("the kernel would use `{name}` of crate `hostile`, which is a process'")],
        );
    }
}

#[test]
fn the_way_there_is_told() {
    let firmware = hostile("#[unsafe(no_mangle)] pub extern \"C\" fn SysTick() {}");
    assert_refused(&firmware, &["the kernel: VECTORS -> SysTick"]);
}

/// A name in a library is refused, even if the process does not call it.
#[test]
fn nor_are_they_for_the_libraries_of_a_process() {
    for call in ["", "#[inline(never)] pub fn call() {}"] {
        let helper = format!("#[unsafe(no_mangle)] pub extern \"C\" fn SysTick() {{}} {call}");
        let user = if call.is_empty() { "use helper as _;" } else { "" };
        let work = if call.is_empty() { "" } else { "helper::call()" };
        let user = format!("{user} pub fn work() {{ {work} }}");
        let firmware = Firmware::new().library("helper", &helper).library("hostile", &user);
        let expected = "`SysTick` of crate `helper`, which is not one that the kernel depends on";
        assert_refused(&with_processes(firmware), &[expected]);
    }
}

/// The tables of the wiring close the items that they name. A table of a process' crate that names the same items does
/// not.
#[test]
fn a_table_of_ones_own_hides_nothing() {
    let firmware = hostile(
        "#[unsafe(no_mangle)] pub extern \"C\" fn SysTick() {}
        pub struct Record(*const u8, extern \"C\" fn());
        unsafe impl Sync for Record {}
        #[unsafe(link_section = \".crossgate.stack.hostile.more\")]
        static STACK: core::mem::MaybeUninit<[u8; 256]> = core::mem::MaybeUninit::uninit();
        #[unsafe(no_mangle)] pub static TABLE: Record = Record((&raw const STACK).cast(), SysTick);",
    );
    assert_refused(&firmware, &["would use `SysTick` of crate `hostile`", "`hostile::STACK`"]);
}

#[test]
fn sections_that_are_started_or_placed_by_name_are_the_firmwares() {
    for section in [
        ".vector_table.exceptions",
        ".vector_table.interrupts",
        ".init_array",
        ".init_array.00100",
        ".crossgate.object.victim",
        ".crossgate.stack.victim.more",
        ".crossgate.data.victim",
        ".crossgate.memory",
    ] {
        let firmware = hostile(&format!(
            "#[unsafe(link_section = {section:?})] #[unsafe(no_mangle)]
            pub static START: extern \"C\" fn() = start; extern \"C\" fn start() {{}}"
        ));
        assert_refused(&firmware, &["crate `hostile`, which is a process'", section]);
    }
}

#[test]
fn the_kernel_calls_no_process() {
    let mut firmware = hostile("#[inline(never)] pub fn start() { core::hint::black_box(3); }");
    firmware.kernel = "hostile::start()";
    assert_refused(
        &firmware,
        &["`hostile::start` of crate `hostile`, which is a process'", "Reset -> hostile::start"],
    );
}

/// The crate of a device's registers has a table with a word for each line.
#[test]
fn vectors_of_devices_are_handlers_of_the_firmware() {
    const DEVICES: &str = "unsafe extern \"C\" { fn TIMER(); fn DefaultHandler(); }
        #[unsafe(link_section = \".vector_table.interrupts\")] #[unsafe(no_mangle)]
        pub static INTERRUPTS: [unsafe extern \"C\" fn(); 2] = [TIMER, DefaultHandler];";
    let library = |source: &str| {
        let mut firmware = Firmware::new().library("device", source);
        firmware = firmware.library("hostile", "use device as _; pub fn work() {}");
        firmware = with_processes(firmware);
        firmware.arguments = vec!["-Clink-arg=--undefined=INTERRUPTS"];
        firmware
    };
    map(&library(DEVICES));
    let mut own = library(DEVICES);
    own.rest = "fn victim() {} #[unsafe(no_mangle)] extern \"C\" fn TIMER() { loop {} }";
    map(&own);

    let inside = DEVICES.replace("[TIMER,", "[middle,")
        + "
        core::arch::global_asm!(\".set middle, DefaultHandler + 2\");
        unsafe extern \"C\" { fn middle(); }";
    assert_refused(&library(&inside), &["interrupt vector 16 is", "not the start of a handler"]);
    for (handler, name) in [
        ("extern \"C\" fn evil() {}", "evil"),
        ("#[unsafe(no_mangle)] pub extern \"C\" fn evil() {}", "evil"),
        ("unsafe extern \"C\" { fn memcpy(); }", "memcpy"),
    ] {
        let source = DEVICES.replace("[TIMER,", &format!("[{name},")) + handler;
        let error = error(&library(&source));
        let is_told = error.contains("of crate `device`, which is not one")
            || error.contains("interrupt vector 16 is");
        assert!(is_told, "{error}");
    }
}

/// Rust's own names contain the crate that is meant.
#[test]
fn names_of_other_crates_can_not_be_taken() {
    let helper = "#[inline(never)] pub fn pure(value: u32) -> u32 { value.rotate_left(3) }";
    let firmware = Firmware::new().library("helper", helper);
    let name = firmware.symbol("helper", "helper::pure");
    let source = format!(
        "#[unsafe(export_name = {name:?})] pub fn pure(_: u32) -> u32 {{ 0 }} pub fn work() {{}}"
    );
    let mut firmware = with_processes(firmware.library("hostile", &source));
    firmware.kernel = "core::hint::black_box(helper::pure(3));";
    assert_refused(&firmware, &["is defined by crate `helper` and crate `hostile`"]);
}

#[test]
fn the_kernels_crates_are_not_taken_for_each_other() {
    let mut firmware = hostile("");
    let source = firmware.path().join("libhostile-0123456789abcdef.rlib");
    let copy = firmware.path().join("libcompiler_builtins-0123456789abcdef.rlib");
    fs::copy(source, &copy).unwrap();
    firmware.arguments = vec![format!("-Clink-arg={}", copy.display()).leak()];
    assert_refused(&firmware, &["two crates are called `compiler_builtins`"]);
}

/// The definitions of a process' crate are only for that process.
#[test]
fn what_one_process_defines_no_other_uses() {
    let mine = "#[unsafe(no_mangle)] pub extern \"C\" fn hook() { core::hint::black_box(1); }
        pub fn work() { hook() }";
    const HOOK: &str = "unsafe extern \"C\" { fn hook(); }
        #[inline(never)] fn victim() { unsafe { hook() } }";
    let mut firmware = with_processes(Firmware::new().library("hostile", mine));
    map(&firmware);
    firmware.rest = HOOK;
    let expected =
        "process `victim` would use `hook` of crate `hostile`, which is another process'";
    assert_refused(&firmware, &[expected, "victim -> hook"]);

    // The same definitions in a library that only the hostile process depends on.
    let firmware = Firmware::new().library("helper", mine);
    let mut firmware =
        with_processes(firmware.library("hostile", "pub fn work() { helper::work() }"));
    firmware.rest = HOOK;
    assert_refused(&firmware, &["process `victim` would use `hook` of crate `helper`"]);
    // A process that depends on the library itself wants its definition.
    firmware.rest = "unsafe extern \"C\" { fn hook(); }
        #[inline(never)] fn victim() { helper::work(); unsafe { hook() } }";
    map(&firmware);
}

/// A function that replaces a function of the Rust library, and that the compiler calls implicitly.
#[test]
fn the_rust_library_is_for_none_to_replace() {
    let helper = "core::arch::global_asm!(\".globl __aeabi_uldivmod\", \"__aeabi_uldivmod: bx lr\");
        pub fn work() { core::hint::black_box(core::hint::black_box(9_u64) / core::hint::black_box(5)); }";
    let firmware = Firmware::new().library("helper", helper);
    let mut firmware =
        with_processes(firmware.library("hostile", "pub fn work() { helper::work() }"));
    map(&firmware);
    firmware.rest = "#[inline(never)] fn victim() { core::hint::black_box(core::hint::black_box(9_u64) / core::hint::black_box(5)); }";
    assert_refused(&firmware, &["process `victim` would use `__aeabi_uldivmod` of crate `helper`"]);
}

/// Files that the linker would read, but that can't be analysed, are refused.
#[test]
fn all_that_is_linked_is_looked_at() {
    let named = "core::arch::global_asm!(
        \".section .deplibs,\\\"MS\\\",%llvm_dependent_libraries,1\", \".asciz \\\"c\\\"\", \".text\");";
    assert_refused(&hostile(named), &["names further libraries for the linker"]);

    let mut firmware = hostile("");
    let script = firmware.path().join("script");
    fs::write(&script, "SysTick = 0x20000101;").unwrap();
    firmware.arguments = vec![format!("-Clink-arg={}", script.display()).leak()];
    assert_refused(&firmware, &["it is neither an object file nor an archive"]);
}

/// A function of the process' crate may be inlined into the firmware's own crate, with its assembly.
#[test]
fn assembly_that_is_inlined_defines_nothing() {
    let mut firmware = hostile(
        "#[allow(named_asm_labels)] #[inline(always)] pub fn inlined() {
            unsafe { core::arch::asm!(\".pushsection .text.NAME,\\\"ax\\\",%progbits\", \".globl NAME\",
                \".type NAME, %function\", \".thumb_func\", \"NAME: bx lr\", \".popsection\") }
        }".replace("NAME", "SysTick").as_str(),
    );
    firmware.rest = "fn victim() { hostile::inlined() }";
    assert_refused(
        &firmware,
        &["would use `SysTick` of crate `firmware`, where assembly defines it"],
    );
    // The firmware's own source may define such names.
    firmware.rest =
        "fn victim() {} #[unsafe(export_name = \"SysTick\")] extern \"C\" fn tick() { loop {} }";
    map(&firmware);
    firmware.rest = "fn victim() {}
        core::arch::global_asm!(\".section .text.SysTick\", \".globl SysTick\", \".thumb_func\", \"SysTick: bx lr\");";
    map(&firmware);

    let mut firmware = hostile(
        "#[allow(named_asm_labels)] #[inline(always)] pub fn inlined() {
            unsafe { core::arch::asm!(\".pushsection .text.hook,\\\"ax\\\",%progbits\", \".globl hook\",
                \".thumb_func\", \"hook: bx lr\", \".popsection\") }
        }",
    );
    firmware.rest = "unsafe extern \"C\" { fn hook(); }
        fn victim() { hostile::inlined(); unsafe { hook() } }";
    assert_refused(&firmware, &["process `victim` would use `hook` of crate `firmware`"]);
}
