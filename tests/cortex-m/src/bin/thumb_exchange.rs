// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a CPU without atomic instructions, threads exchange words by a sequence of instructions that the kernel restarts.
//! An interrupt at any of its instructions loses no exchange, and repeats none. A thread that jumps into its middle, or
//! uses it on the memory of others, reaches no more than by plain loads and stores.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
#[path = "../../../src/exchange.rs"]
mod firmware;
