// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets `cfg`s for the port: `armv6m` or `armv8m` by the target, and `statics_apart` if the compiler does not merge statics.
//! The firmware passes the last one on to `crossgate-link`, which needs separate statics.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    println!("cargo::rustc-check-cfg=cfg(armv6m)");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    // The compiler has no `cfg` of its own that tells these architectures apart.
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m") {
        println!("cargo::rustc-cfg=armv6m");
    }
    if target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=armv8m");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
}
