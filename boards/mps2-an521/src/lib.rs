// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN521 image: two Cortex-M33 at 20 MHz, as `qemu-system-arm -M mps2-an521` emulates it.
//!
//! This crate is the board of the first core, which starts the second one. The firmware of the second core depends on
//! [`mps2-an521-second`](https://docs.rs/crossgate-mps2-an521-second). Without an image for the second core, the first
//! core runs alone. The chapter *Two cores* of the book describes how processes of one core call those of the other.
//!
//! The devices are those of the [`mps2-an505`](https://docs.rs/crossgate-mps2-an505), and a [`LINE`] between the
//! cores. Both cores can access all of them, and an interrupt of a device arrives at both cores. So the wirings of the
//! two cores must not give the same device to two processes. A firmware that depends on this crate is linked with the
//! board's `memory.x`. Its target is `thumbv8m.main-none-eabi`. (The first core has no floating point unit.)
#![no_std]

mod board;
mod line;

board_contract::check!();

#[doc(hidden)]
pub use board::{Counter, Hardware};

use board::An521;
use crossgate_abi::table::Mmio;
use mps2_an385::drivers;

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// Driver of the end of a line at the first core, for the process that owns the [`LINE`] and the [`BELLS`].
pub type Line = line::Line<0>;
/// The same at the second core.
#[doc(hidden)]
pub type SecondLine = line::Line<1>;

/// Driver of a lamp, one of the two user LEDs, for the process that owns the [`LAMPS`]. High is on.
pub type Lamp = drivers::Lamp<An521>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of the [clock](CLOCK_HZ), 50 ns each.
pub type Timer = drivers::Timer<An521>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = drivers::Uart<An521>;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
///
/// The dual timer gives the time, so the firmware must not use it. The kernel's last words go to [`UART0`], whichever
/// process owns it.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 20_000_000;

/// The registers of the first serial line; QEMU's first `-serial`.
pub const UART0: Mmio = Mmio { start: 0x5020_0000, size: 0x1000 };
/// The registers of the second serial line; QEMU's second `-serial`.
pub const UART1: Mmio = Mmio { start: 0x5020_1000, size: 0x1000 };
/// The registers of the third serial line; QEMU's third `-serial`.
pub const UART2: Mmio = Mmio { start: 0x5020_2000, size: 0x1000 };

/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x5000_0000, size: 0x1000 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x5000_1000, size: 0x1000 };

/// The number of interrupt lines of each core.
#[doc(hidden)]
pub const LINES: u16 = 124;

/// The memory of the line between the cores: a part of the last of the SSE-200's four banks of RAM, which no `memory.x`
/// has.
pub const LINE: Mmio = Mmio { start: 0x3001_8000, size: 0x400 };
/// The bells of both cores: the registers of two SPI controllers that are used for nothing else, SPI3 for the first
/// core, and SPI4 for the second one.
pub const BELLS: Mmio = Mmio { start: 0x5020_a000, size: 0x2000 };

/// The registers of the lamps (the FPGA's input and output).
pub const LAMPS: Mmio = Mmio { start: 0x5030_2000, size: 0x1000 };

/// The lines of the interrupt controller.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 32;
    /// [`UART0`](super::UART0) can take another byte.
    pub const UART0_TX: u16 = 33;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 34;
    /// [`UART1`](super::UART1) can take another byte.
    pub const UART1_TX: u16 = 35;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 36;
    /// [`UART2`](super::UART2) can take another byte.
    pub const UART2_TX: u16 = 37;
    /// [`TIMER0`](super::TIMER0) has come to 0.
    pub const TIMER0: u16 = 3;
    /// [`TIMER1`](super::TIMER1) has come to 0.
    pub const TIMER1: u16 = 4;
    /// The second core has rung the [bell](super::BELLS) of this core.
    pub const BELL: u16 = 54;
}
