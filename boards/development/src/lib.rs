//! The board that the examples, benchmarks and tests of this repository run on: which one it is, the
//! target says. Firmware that says `board::UART0` and `board::start!(SYSTEM)` is the same for all.
#![no_std]

#[cfg(not(target_os = "none"))]
pub use hosted_board::*;
#[cfg(target_os = "none")]
pub use mps2_an385::*;
