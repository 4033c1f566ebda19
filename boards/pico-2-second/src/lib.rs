// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of the Raspberry Pi Pico 2, a Cortex-M33 of the RP2350 at 150 MHz.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words
//! of the image are checked. The start of this core is tested with a model of its boot ROM.
//!
//! The devices and drivers are those of [`pico_2_first`](https://docs.rs/crossgate-pico-2-first), and so is the driver
//! of the end of a [`Line`]. The image has a part of the flash and of the RAM for itself (`memory.x`), and is written
//! beside the image of the first core, which starts this core. Both cores can access all devices, and an interrupt of
//! a device arrives at both cores (that of the bells only at the core that is meant). So the wirings of the two cores
//! must not give the same device to two processes.
#![no_std]
#![forbid(unsafe_code)]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use pico_2_first::*;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`](pico_2_first::port::start).
///
/// The timer that the chip has for its RISC-V cores gives the time to both cores. The kernel's last words go to
/// [`UART1`], whichever process owns it.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CLOCK_HZ: u32 = 150_000_000;

const _: () = assert!(CLOCK_HZ == pico_2_first::CLOCK_HZ, "both cores have the same clock");
