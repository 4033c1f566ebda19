// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compiles the C of the process, with the header of the interface that it calls.

use std::env;

fn main() {
    let variable = |name| env::var(name).expect("cargo sets it for build scripts");
    crossgate_c::header::write::<dyn meter::Sensor>("sensor");
    println!("cargo::rerun-if-changed=c");
    let mut compiler = cc::Build::new();
    for folder in ["OUT_DIR", "DEP_CROSSGATE_C_INCLUDE", "DEP_SYSTEM_TESTS_FILTER_INCLUDE"] {
        compiler.include(variable(folder));
    }
    compiler.flag("-ffreestanding").flag("-std=c11").warnings_into_errors(true);
    let is_there = |compiler: cc::Tool| compiler.to_command().arg("--version").output().is_ok();
    if !compiler.try_get_compiler().is_ok_and(is_there) {
        // All tests that do not use it link without it.
        println!(
            "cargo::warning=The system test c_process can't be linked: it needs a C compiler for {}. \
             Debian, Ubuntu: sudo apt-get install --no-install-recommends gcc-arm-none-eabi",
            variable("TARGET")
        );
        return;
    }
    compiler.file("c/heater.c").compile("heater");
}
