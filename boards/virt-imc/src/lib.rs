// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's machine `virt`, with a RISC-V core of 32 bits without atomic instructions (RV32IMC), as in the ESP32-C3:
//! `qemu-system-riscv32 -M virt -cpu rv32,a=false`.
//!
//! The devices are those of [`virt`](https://docs.rs/crossgate-virt). A firmware that depends on this crate is linked
//! with the board's `memory.x`. Its target is `riscv32imc-unknown-none-elf`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use virt::*;

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 10_000_000;

const _: () = assert!(CLOCK_HZ == virt::CLOCK_HZ, "the drivers count with it");
