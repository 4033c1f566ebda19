// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's machine `virt`, as if its protection unit had only regions of aligned powers of two, like that of Hazard3
//! (the RISC-V core of an RP2350). The emulated unit has others too, but the kernel does not use them.
//!
//! The devices are those of [`virt`](https://docs.rs/virt). A firmware that depends on this crate is linked with the
//! board's `memory.x`, and the memory of its processes fits such regions. Its target is `riscv32imac-unknown-none-elf`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

pub use virt::*;

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 10_000_000;

const _: () = assert!(CLOCK_HZ == virt::CLOCK_HZ, "the drivers count with it");
// This crate switches the feature of the port on.
#[cfg(target_arch = "riscv32")]
const _: () =
    assert!(virt::port::protection::STACK_GRANULE == 32, "the port uses regions of powers of two");
