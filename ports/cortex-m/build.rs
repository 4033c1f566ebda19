// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells the port which architecture the firmware is for; and whether the compiler keeps statics apart (does not merge
//! them), because `crossgate-link` needs to know.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    // The compiler itself does not tell code whether it is for ARMv7-M or ARMv8-M.
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m.main")) {
        println!("cargo::rustc-cfg=armv8m");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
}
