// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets two `cfg`s for the port: `armv8m` by the target, and `statics_apart` if the compiler does not merge statics.
//! The firmware passes the second one on to `crossgate-link`, which needs separate statics.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    // The compiler has no `cfg` of its own that tells ARMv8-M from ARMv7-M.
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m.main")) {
        println!("cargo::rustc-cfg=armv8m");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
}
