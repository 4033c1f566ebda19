// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compiles the library, and tells other builds where its header is: as `DEP_SYSTEM_TESTS_FILTER_INCLUDE`.

use std::env;

fn main() {
    let variable = |name| env::var(name).expect("cargo sets it for build scripts");
    println!("cargo::rerun-if-changed=c");
    println!("cargo::metadata=include={}/c", variable("CARGO_MANIFEST_DIR"));
    let mut compiler = cc::Build::new();
    compiler.flag("-ffreestanding").flag("-std=c11").warnings_into_errors(true);
    let is_there = |compiler: cc::Tool| compiler.to_command().arg("--version").output().is_ok();
    if !compiler.try_get_compiler().is_ok_and(is_there) {
        // All tests that do not use the library link without it.
        println!(
            "cargo::warning=The system test c_process can't be linked: it needs a C compiler for {}. \
             Debian, Ubuntu: sudo apt-get install --no-install-recommends gcc-arm-none-eabi",
            variable("TARGET")
        );
        return;
    }
    // With this flag, statics without a value are in no section, as in an old library of a vendor.
    compiler.file("c/filter.c").flag("-fcommon").compile("filter");
}
