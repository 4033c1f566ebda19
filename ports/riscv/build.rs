// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the port's linker script where the linker of the firmware looks for it, and tells the port whether the compiler
//! keeps statics apart (does not merge them), because `crossgate-link` needs to know.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.x");
    println!("cargo::rustc-check-cfg=cfg(statics_apart)");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("-enable-global-merge=false") {
        println!("cargo::rustc-cfg=statics_apart");
    }
    // Other ports have a script of this name.
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "riscv32") {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        fs::copy("link.x", out.join("link.x")).expect("link.x can be copied to OUT_DIR");
        println!("cargo::rustc-link-search={}", out.display());
    }
}
