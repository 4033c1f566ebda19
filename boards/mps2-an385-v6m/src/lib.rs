// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN385 image, for firmware that uses ARMv6-M only, as a Cortex-M0+ has it:
//! `qemu-system-arm -M mps2-an385`.
//!
//! No emulated machine has a Cortex-M0+ with a protection unit. The Cortex-M3 of this board executes all instructions of
//! ARMv6-M, and the port for ARMv6-M uses no register and no exception that an ARMv6-M does not have. Everything here is
//! from [`mps2_an385`](https://docs.rs/crossgate-mps2-an385). A firmware that depends on this crate is linked with the
//! board's `memory.x`. Its target is `thumbv6m-none-eabi`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use mps2_an385::*;

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 25_000_000;

const _: () = assert!(CLOCK_HZ == mps2_an385::CLOCK_HZ, "the drivers count with it");
