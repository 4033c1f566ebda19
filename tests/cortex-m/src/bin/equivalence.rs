// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fast paths of system calls and interrupts lead to the same states as the slow paths, which are the
//! specification. The test compares them for every value of their inputs, from random states, and from all states that
//! a few operations lead to.
//!
//! `tests/src/referee/firmware.rs` contains the test, which other ports share.
//!
//! Without measuring: the handlers that run are those of the referee.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
#[path = "../../../src/referee/firmware.rs"]
mod firmware;
