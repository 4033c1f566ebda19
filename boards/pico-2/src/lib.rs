// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Raspberry Pi Pico 2: an RP2350, whose first Cortex-M33 runs at 150 MHz. The second one stays in the boot ROM. (For a
//! kernel on each of them there are [`pico-2-first`](https://docs.rs/crossgate-pico-2-first) and
//! [`pico-2-second`](https://docs.rs/crossgate-pico-2-second).)
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words
//! of the image that the boot ROM reads are checked. The tests of the CPU run on the emulated
//! [`mps2-an505`](https://docs.rs/crossgate-mps2-an505).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`, which also has the block that the boot
//! ROM looks for. Its target is `thumbv8m.main-none-eabi` or, for processes that use the floating point unit,
//! `thumbv8m.main-none-eabihf`. The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes,
//! which drive them with [`Uart`], [`Timer`] and [`Lamp`]. They are the same on the RISC-V cores of the chip, which
//! are a board of their own ([`pico-2-riscv`](https://docs.rs/crossgate-pico-2-riscv)).
//!
//! The chip has two serial lines. The third of the [contract](https://docs.rs/crossgate-board-contract) is at an
//! address where the chip has nothing: an access there is a fault of the process.
#![no_std]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::{Hardware, close_coprocessors};
pub use rp2350_board::{LAMPS, Lamp, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart, interrupt};

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
