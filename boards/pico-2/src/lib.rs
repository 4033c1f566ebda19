// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Raspberry Pi Pico 2: an RP2350, whose two Cortex-M33 run at 150 MHz.
//!
//! This crate is the board of the first core, which starts the second one. The firmware of the second core depends on
//! [`pico-2-second`](https://docs.rs/pico-2-second). Without an image for the second core, the first core runs alone.
//! The chapter *Two cores* of the book describes how processes of one core call those of the other, over a [`LINE`].
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words
//! of the image that the boot ROM reads are checked. The tests of the CPU run on the emulated
//! [`mps2-an505`](https://docs.rs/mps2-an505).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`, which also has the block that the boot
//! ROM looks for. Its target is `thumbv8m.main-none-eabi` or, for processes that use the floating point unit,
//! `thumbv8m.main-none-eabihf`. The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes,
//! which drive them with [`Uart`], [`Timer`] and [`Lamp`]. They are the same on the RISC-V cores of the chip, which
//! are a board of their own ([`pico-2-riscv`](https://docs.rs/pico-2-riscv)).
//!
//! The chip has two serial lines. The third of the [contract](https://docs.rs/board-contract) is at an address where
//! the chip has nothing: an access there is a fault of the process.
#![no_std]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::{Hardware, close_coprocessors};
pub use rp2350_board::{
    BELLS, LAMPS, LINE, Lamp, Line, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart,
};

/// The lines of the interrupt controller.
pub mod interrupt {
    pub use rp2350_board::interrupt::*;

    /// The other core has rung the [bell](super::BELLS) of this core.
    pub const BELL: u16 = 26;
}

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, and the pins are connected to the serial
/// lines and to the lamps. The timer that the chip has for its RISC-V cores gives the time. If the kernel halts, it
/// writes a last message to [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CLOCK_HZ: u32 = 150_000_000;

const _: () = assert!(CLOCK_HZ == rp2350_board::CPU_HZ, "the drivers count with it");
