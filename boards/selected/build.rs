// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the `memory.x` of the chosen board where the linker of the firmware looks for it. A firmware that depends on
//! one board only does not need this, because the board's own build script does it.

use std::{env, fs, path::PathBuf};

/// The boards for microcontrollers if no feature is set: first for a target without a floating point unit, then for a
/// target with one.
const DEFAULTS: [&str; 2] = ["mps2-an385", "mps2-an386"];
/// The same for a target without atomic instructions.
const DEFAULT_WITHOUT_ATOMICS: &str = "mps2-an385-v6m";
/// The same for RISC-V: first for a target without atomic instructions, then for a target with them.
const DEFAULTS_OF_RISCV: [&str; 2] = ["virt-imc", "virt"];

fn main() {
    let features = env::var("CARGO_CFG_FEATURE").unwrap_or_default();
    // If no board or several boards are chosen, this script does nothing, because the crate then does not compile.
    let has_floats = env::var("CARGO_CFG_TARGET_ABI").is_ok_and(|abi| abi == "eabihf");
    let is_riscv = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "riscv32");
    let has_atomics =
        env::var("CARGO_CFG_TARGET_HAS_ATOMIC").is_ok_and(|sizes| sizes.contains("32"));
    let default = if is_riscv {
        DEFAULTS_OF_RISCV[usize::from(has_atomics)]
    } else if !has_atomics {
        DEFAULT_WITHOUT_ATOMICS
    } else {
        DEFAULTS[usize::from(has_floats)]
    };
    let board = features.split(',').find(|feature| !feature.is_empty()).unwrap_or(default);
    let memory = PathBuf::from("..").join(board).join("memory.x");
    println!("cargo::rerun-if-changed={}", memory.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy(memory, out.join("memory.x")).expect("each board has a memory.x");
    println!("cargo::rustc-link-search={}", out.display());
}
