// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets `cfg`s for the port by the target: `armv6m` or `armv8m`, `armv8_1m` by the feature `armv8-1m`, and `baseline` for
//! ARMv6-M and ARMv8-M Baseline, which have the same exceptions and nearly the same instructions. Sets `statics_apart` if
//! the compiler does not merge statics. The firmware passes this on to `crossgate-link`, which needs separate statics.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    println!("cargo::rustc-check-cfg=cfg(armv6m)");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    println!("cargo::rustc-check-cfg=cfg(armv8_1m)");
    println!("cargo::rustc-check-cfg=cfg(baseline)");
    // The compiler has no `cfg` of its own that tells these architectures apart.
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m") {
        println!("cargo::rustc-cfg=armv6m");
    }
    if target.starts_with("thumbv8m.") {
        println!("cargo::rustc-cfg=armv8m");
    }
    // (The feature concerns only this architecture: all boards may be compiled together, for another one.)
    if target.starts_with("thumbv8m.main") && env::var_os("CARGO_FEATURE_ARMV8_1M").is_some() {
        println!("cargo::rustc-cfg=armv8_1m");
    }
    if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=baseline");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
}
