// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells the port whether the compiler keeps statics apart (does not merge them), because `crossgate-link` needs to
//! know.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
}
