// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first core of the Raspberry Pi Pico 2, a Cortex-M33 of the RP2350 at 150 MHz, beside a kernel on the second core.
//!
//! This core starts the second one, whose firmware depends on
//! [`pico-2-second`](https://docs.rs/crossgate-pico-2-second). Without an image for the second core, the first core
//! runs alone. The chapter *Two cores* of the book describes how processes of one core call those of the other, over a
//! [`LINE`].
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words
//! of the image are checked. The start of the second core is tested with a model of its boot ROM.
//!
//! Devices and drivers are those of [`pico_2`](https://docs.rs/crossgate-pico-2). The image has half of the flash and
//! of the RAM (`memory.x`).
#![no_std]
#![forbid(unsafe_code)]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use pico_2::{LAMPS, Lamp, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart};
pub use rp2350_board::{BELLS, LINE, Line};

#[doc(hidden)]
pub use pico_2::port;

/// The lines of the interrupt controller.
pub mod interrupt {
    pub use rp2350_board::interrupt::*;

    /// The other core has rung the [bell](super::BELLS) of this core.
    pub const BELL: u16 = 26;
}

/// Makes a wiring into a firmware. See [`pico_2::start`].
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CLOCK_HZ: u32 = 150_000_000;

const _: () = assert!(CLOCK_HZ == pico_2::CLOCK_HZ, "both boards have the same clock");
