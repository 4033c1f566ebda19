// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN500 image: a Cortex-M7 at 25 MHz, as `qemu-system-arm -M mps2-an500` emulates it.
//!
//! The image has the same devices at the same addresses as the AN385, so everything here is from
//! [`mps2_an385`](https://docs.rs/crossgate-mps2-an385). The exception is the Ethernet controller: it has another
//! address, and this crate has no driver for it. A firmware that depends on this crate is linked with the board's
//! `memory.x`. Its target is `thumbv7em-none-eabihf`.
#![no_std]
#![forbid(unsafe_code)]

board_contract::check!();

#[doc(hidden)]
pub use mps2_an385::{Hardware, port};
pub use mps2_an385::{
    I2C0, I2C1, I2c, LAMPS, Lamp, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart, WATCHDOG,
    Watchdog, interrupt, start,
};

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 25_000_000;

const _: () = assert!(CLOCK_HZ == mps2_an385::CLOCK_HZ, "the drivers count with it");
