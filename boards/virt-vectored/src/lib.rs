// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's machine `virt`, as if traps could enter the kernel only through a table of vectors, as on the core of an
//! ESP32-C3. The emulated core has a single handler, too, but the kernel does not use it. As on that chip, code reads
//! its constants at other addresses than its own, to which the emulator copies the flash before the firmware starts.
//!
//! The devices are those of [`virt`](https://docs.rs/crossgate-virt), and the core has no atomic instructions, as on
//! [`virt-imc`](https://docs.rs/crossgate-virt-imc). A firmware that depends on this crate is linked with the board's
//! `memory.x`. Its target is `riscv32imc-unknown-none-elf`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use virt::*;

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 10_000_000;

const _: () = assert!(CLOCK_HZ == virt::CLOCK_HZ, "the drivers count with it");
// This crate switches the feature of the port on.
#[cfg(target_arch = "riscv32")]
const _: () = assert!(virt::port::VECTORED, "the port uses a table of vectors");
