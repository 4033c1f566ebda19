// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared parts of the tests of the port itself.
#![cfg_attr(target_os = "none", no_std)]

#[cfg(target_os = "none")]
pub mod floats;
#[cfg(target_os = "none")]
pub mod position;
#[cfg(target_os = "none")]
mod test_board;
#[cfg(target_os = "none")]
pub use test_board::*;
#[cfg(target_os = "none")]
pub mod vanishing;

#[cfg(target_os = "none")]
pub use system_tests::arch::further_memory;

/// Defines the main function of a test in a build for the host.
#[macro_export]
macro_rules! main_elsewhere {
    () => {
        #[cfg(not(target_os = "none"))]
        fn main() {
            println!("run this by `cargo xtask test`");
        }
    };
}

/// Defines the firmware of a test that an ARMv6-M and an ARMv8-M Baseline can't run, in a build for one.
#[macro_export]
macro_rules! not_on_baseline {
    () => {
        #[cfg(baseline)]
        system_tests_cortex_m::no_firmware!();
    };
}

/// Defines the firmware of a test that an ARMv6-M can't run, in a build for one. (It has no atomic instructions.)
#[macro_export]
macro_rules! not_on_armv6m {
    () => {
        #[cfg(all(target_os = "none", not(target_has_atomic = "32")))]
        system_tests_cortex_m::no_firmware!();
    };
}

/// Defines the firmware in place of a test that the CPU can't run.
#[macro_export]
macro_rules! no_firmware {
    () => {
        mod elsewhere {
            crossgate::system! {
                static SYSTEM;
                process main { thread main (priority = 5, stack = 1024) = run(); }
            }
            board::start!(SYSTEM);

            fn run() -> ! {
                system_tests::report::broken(
                    "is no firmware for this CPU: see boards/table/boards.toml",
                )
            }
        }
    };
}
