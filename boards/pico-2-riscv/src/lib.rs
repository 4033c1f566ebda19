// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Raspberry Pi Pico 2 on its RISC-V cores: an RP2350, whose first Hazard3 runs at 150 MHz.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words of
//! the image that the boot ROM reads are checked. The tests of the port run on the emulated
//! [`virt-napot`](https://docs.rs/crossgate-virt-napot), whose protection unit is used like that of Hazard3.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`, which also has the block that the boot
//! ROM looks for. Its target is `riscv32imac-unknown-none-elf`. The boot ROM finds out from the block that the image is for
//! RISC-V, and restarts the chip with these cores. The wiring gives devices such as [`UART0`] and their [`interrupt`]s to
//! processes, which drive them with [`Uart`], [`Timer`] and [`Lamp`]. They are the same on the Cortex-M33 of the chip
//! ([`pico-2`](https://docs.rs/crossgate-pico-2)).
//!
//! The chip has two serial lines. The third of the [contract](https://docs.rs/crossgate-board-contract) is at an
//! address where the chip has nothing: an access there is a fault of the process.
#![no_std]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use rp2350_board::{LAMPS, Lamp, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart, interrupt};

#[doc(hidden)]
pub use crossgate_riscv as port;

/// Makes a wiring into a firmware. See [`crossgate_riscv::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, and the pins are connected to the serial
/// lines and to the lamps. The platform timer gives the time. If the kernel halts, it writes a last message to
/// [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CLOCK_HZ: u32 = 150_000_000;

const _: () = assert!(CLOCK_HZ == rp2350_board::CPU_HZ, "the drivers count with it");
