// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the statics of each process on pages of their own when the host is the board.

fn main() {
    crossgate_link::hosted::build();
    // The linker script of `defmt`'s texts, and the level from which it logs.
    println!("cargo::rustc-env=DEFMT_LOG=info");
    for test in ["every_library", "frames"] {
        println!("cargo::rustc-link-arg-bin={test}=-Tdefmt.x");
    }
}
