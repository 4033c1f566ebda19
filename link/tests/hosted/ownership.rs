// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the owners of statics.

use crate::support::{Firmware, HELPER, SENSOR, assert_says, error, program};
use std::fs;
use std::process::Command;

/// A process that uses the library.
const USER: &str = "pub fn work() -> u32 { helper::count() }";

/// Two users of a library count twice each, and report their second result.
#[test]
fn a_static_of_a_library_is_one_in_each_process_that_uses_it() {
    const TWICE: &str = "pub fn work() -> u32 { helper::count(); helper::count() }";
    let mut firmware = Firmware::new("two_users").library("helper", HELPER);
    firmware = firmware.library("sensor", TWICE).library("fan", TWICE);
    firmware.processes.push(("fan", "fan::work() + 10"));
    let program = program(&firmware);
    assert_eq!(program.statics_of("fan"), ["helper::COUNTER"]);
    assert_eq!(program.statics_of("sensor"), ["helper::COUNTER.for.sensor"]);
    let told = program.told();
    let mut lines: Vec<_> = told.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["fan 11", "sensor 1"]);
}

/// The client and the server share the crate of their interface. With copies, each of them would have its own counter.
#[test]
fn statics_of_interface_crates_have_one_owner() {
    const INTERFACE: &str = "
        use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        #[crossgate::interface] pub trait Fan { fn turn(&self); }
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        pub fn count() -> u32 { COUNTER.fetch_add(1, Relaxed) }";
    let mut firmware = Firmware::new("interface_crate").library("helper", INTERFACE);
    firmware = firmware.library("sensor", USER).library("fan", USER);
    firmware.processes.push(("fan", "fan::work()"));
    assert_says(&error(&firmware), &["because its crate has an `#[interface]`"]);
}

#[test]
fn what_is_lent_has_one_owner() {
    const LENT: &str = "crossgate::shared! { static BUFFER: [u32; 2] = [1, 2]; }
        pub fn count() -> u32 { BUFFER.take().map_or(0, |buffer| buffer[0]) }";
    let mut firmware = Firmware::new("lent_by_two").library("helper", LENT);
    firmware = firmware.library("sensor", USER).library("fan", USER);
    firmware.processes.push(("fan", "fan::work()"));
    assert_says(
        &error(&firmware),
        &[
            "crate `helper`) is used by process `fan` and process `sensor`; each can't have its own, \
             because what may be lent",
            "sensor::work -> helper::count -> helper::BUFFER",
            "Let the others ask that process through an interface",
        ],
    );
}

/// The same rule holds for the firmware's own crate.
#[test]
fn a_static_that_one_process_uses_is_its_own() {
    let mut firmware = Firmware::new("one_user").library("helper", HELPER).library("sensor", USER);
    firmware.processes = vec![("sensor", "sensor::work() + crate::count()")];
    firmware.rest = "use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static COUNT: AtomicU32 = AtomicU32::new(7);
        fn count() -> u32 { COUNT.fetch_add(1, Relaxed) }";
    let program = program(&firmware);
    assert_eq!(program.statics_of("sensor"), ["helper::COUNTER", "one_user::COUNT"]);
    assert_eq!(program.told(), "sensor 7\n");
    firmware.processes.push(("fan", "crate::count()"));
    let expected = "`one_user::COUNT` (4 bytes, crate `one_user`) is used by process `fan` and \
                    process `sensor`";
    assert_says(&error(&firmware), &[expected]);
}

#[test]
fn a_process_may_not_have_the_name_of_the_firmware() {
    let mut firmware = Firmware::new("same_name");
    firmware.processes = vec![("same_name", "7")];
    let expected = "process `same_name` has the name of the firmware's own crate";
    assert_says(&error(&firmware), &[expected]);
}

#[test]
fn a_static_that_nobody_uses_may_not_be_kept() {
    let helper = "use core::sync::atomic::AtomicU32;
        #[unsafe(no_mangle)] static KEPT: AtomicU32 = AtomicU32::new(5);
        #[unsafe(no_mangle)] static LEFT_OUT: AtomicU32 = AtomicU32::new(5);
        pub fn nothing() -> u32 { 1 }";
    let mut firmware = Firmware::new("unowned").library("helper", helper);
    firmware.processes = vec![("sensor", "helper::nothing()")];
    assert_eq!(program(&firmware).told(), "sensor 1\n");
    // An option of the linker keeps the static, but no code uses it.
    firmware.arguments = vec!["-Clink-arg=-Wl,--undefined=KEPT".to_owned()];
    let expected = "the static `KEPT` (4 bytes, crate `helper`) is kept in the firmware";
    for further in ["-Cstrip=none", "-Cstrip=symbols"] {
        firmware.arguments.push(further.to_owned());
        let error = error(&firmware);
        assert_says(&error, &[expected]);
        assert!(!error.contains("`LEFT_OUT`"), "{error}");
    }
}

#[test]
fn a_static_of_a_process_is_out_of_bounds_for_others() {
    let mut firmware = Firmware::new("others").library("sensor", SENSOR);
    firmware.processes.push(("fan", "sensor::work()"));
    let expected = "`sensor::LIMIT` (4 bytes, crate `sensor`) belongs to process `sensor`, but is \
                    used by process `fan`";
    assert_says(&error(&firmware), &[expected]);
}

#[test]
fn a_process_has_no_thread_local_statics() {
    let sensor = "thread_local! { static LOCAL: core::cell::Cell<u32> = const { core::cell::Cell::new(3) }; }
        pub fn work() -> u32 { LOCAL.replace(5) }";
    let mut firmware = Firmware::new("thread_local").library("sensor", sensor);
    firmware.build = firmware.build.replace("build()", "build_with_std()");
    assert_says(
        &error(&firmware),
        &[
            "`sensor::LOCAL",
            "(4 bytes, crate `sensor`) is thread-local, but to the host all threads",
        ],
    );
}

/// A section of a group is left out if another object has the same group.
#[test]
fn statics_in_groups_are_statics_too() {
    let helper = "core::arch::global_asm!(
            \".section .data.twice,\\\"awG\\\",@progbits,twice,comdat\",
            \".weak twice\", \".type twice, @object\", \".size twice, 4\", \"twice: .long 9\", \".text\"
        );
        use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        unsafe extern \"C\" { safe static twice: AtomicU32; }
        pub fn count() -> u32 { twice.fetch_add(1, Relaxed) + twice.load(Relaxed) }";
    let mut firmware = Firmware::new("groups").library("helper", helper);
    firmware.processes = vec![("sensor", "helper::count()")];
    let program = program(&firmware);
    assert_eq!(program.statics_of("sensor"), ["twice"]);
    assert_eq!(program.told(), "sensor 19\n");
}

/// Returns a firmware with processes that call this C code, which is linked as the build script says.
fn with_c(name: &'static str, link: &str) -> Firmware {
    const C: &str = "static unsigned zero; unsigned total = 40;
        unsigned count(void) { return total++ + zero++; }";
    const CALLER: &str = "unsafe extern \"C\" { safe fn count() -> u32; }
        pub fn work() -> u32 { count() }";
    let mut firmware = Firmware::new(name).library("sensor", CALLER).library("fan", CALLER);
    let folder = firmware.folder();
    fs::write(folder.join("counter.c"), C).unwrap();
    for command in [["cc", "-c", "counter.c"], ["ar", "crs", "libcounter.a"]] {
        let mut tool = Command::new(command[0]);
        tool.args(&command[1..]).current_dir(&folder);
        if command[0] == "ar" {
            tool.arg("counter.o");
        }
        assert!(tool.status().unwrap().success(), "{tool:?}");
    }
    let link = link.replace("FOLDER", folder.to_str().unwrap());
    firmware.build =
        format!("fn main() {{ crossgate_link::hosted::build(); println!({link:?}); }}");
    firmware
}

#[test]
fn statics_of_other_languages_have_owners_too() {
    let object = with_c("c_object", "cargo::rustc-link-arg=FOLDER/counter.o");
    let archive = with_c(
        "c_archive",
        "cargo::rustc-link-search=FOLDER\ncargo::rustc-link-lib=static=counter",
    );
    for firmware in [&object, &archive] {
        let program = program(firmware);
        assert_eq!(program.statics_of("sensor"), ["total", "zero"]);
        assert_eq!(program.told(), "sensor 40\n");
    }
    for mut firmware in [object, archive] {
        firmware.processes.push(("fan", "fan::work()"));
        let program = program(&firmware);
        for process in ["fan", "sensor"] {
            assert_eq!(program.statics_of(process).len(), 2, "{:?}", program.statics_of(process));
        }
        let told = program.told();
        assert!(told.contains("fan 40\n") && told.contains("sensor 40\n"), "{told}");
    }
}
