// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the statics of each process on pages of their own when the host is the board. Sets the `cfg` `baseline` for
//! ARMv6-M and ARMv8-M Baseline.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(baseline)");
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=baseline");
    }
    crossgate_link::hosted::build();
    // The linker script of `defmt`'s texts, and the level from which it logs.
    println!("cargo::rustc-env=DEFMT_LOG=info");
    for test in ["every_library", "frames"] {
        println!("cargo::rustc-link-arg-bin={test}=-Tdefmt.x");
    }
}
