// SPDX-License-Identifier: MIT OR Apache-2.0
//! Passes the folder of the header to build scripts of crates with C, as `DEP_CROSSGATE_C_INCLUDE`.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::metadata=include={folder}/include");
}
