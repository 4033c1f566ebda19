// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the board's `memory.x` where the linker of the firmware looks for it.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    if env::var_os("CARGO_FEATURE_MEMORY_X").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("memory.x can be copied to OUT_DIR");
    println!("cargo::rustc-link-search={}", out.display());
}
