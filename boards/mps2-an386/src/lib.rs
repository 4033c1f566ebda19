// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN386 image: a Cortex-M4 with a floating point unit at 25 MHz, as `qemu-system-arm -M
//! mps2-an386` emulates it.
//!
//! The image has the same devices at the same addresses as the AN385, so everything here is from
//! [`mps2_an385`](https://docs.rs/crossgate-mps2-an385). A firmware that depends on this crate is linked with the
//! board's `memory.x`. Its target is `thumbv7em-none-eabihf`. (A firmware for `thumbv7m-none-eabi` also runs on this
//! board. No process can then use the floating point unit.)
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use mps2_an385::*;

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 25_000_000;

const _: () = assert!(CLOCK_HZ == mps2_an385::CLOCK_HZ, "the drivers count with it");
