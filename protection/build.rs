// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells the crate which architecture of ARM it is for, because the compiler does not tell ARMv7-M from ARMv8-M.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m.")) {
        println!("cargo::rustc-cfg=armv8m");
    }
}
