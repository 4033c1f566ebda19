// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN505 image, for firmware that uses ARMv8-M Baseline only, as a Cortex-M23 has it:
//! `qemu-system-arm -M mps2-an505`.
//!
//! No emulated machine has a Cortex-M23. The Cortex-M33 of this board executes all instructions of ARMv8-M Baseline, and
//! the port for this architecture uses no register and no exception that it does not have. Everything here is from
//! [`mps2_an505`](https://docs.rs/crossgate-mps2-an505). A firmware that depends on this crate is linked with the
//! board's `memory.x`. Its target is `thumbv8m.base-none-eabi`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use mps2_an505::*;

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 20_000_000;

const _: () = assert!(CLOCK_HZ == mps2_an505::CLOCK_HZ, "the drivers count with it");
