// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets the `cfg` `baseline` for ARMv6-M and ARMv8-M Baseline, because the compiler does not tell ARMv8-M Baseline from
//! ARMv7-M.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(baseline)");
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=baseline");
    }
}
