// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared parts of the tests of the port itself.
#![cfg_attr(target_os = "none", no_std)]

/// Defines the main function of a test in a build for another CPU.
#[macro_export]
macro_rules! main_elsewhere {
    () => {
        #[cfg(not(target_os = "none"))]
        fn main() {
            println!("run this by `cargo xtask test`");
        }
    };
}
