// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN505 image: a Cortex-M33 at 20 MHz, as `qemu-system-arm -M mps2-an505` emulates it.
//!
//! The image is a part of a system with two security states (SSE-200). The CPU starts in the Secure state, and the
//! kernel and all processes stay there, so the addresses here are the Secure ones. The devices are those of the AN385 at
//! other places, and have the drivers of [`mps2_an385`](https://docs.rs/crossgate-mps2-an385). A firmware that depends
//! on this crate is linked with the board's `memory.x`. Its target is `thumbv8m.main-none-eabi` or, for processes that
//! use the floating point unit, `thumbv8m.main-none-eabihf`.
#![no_std]

mod board;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;

use board::An505;
use crossgate_abi::table::Mmio;
use mps2_an385::drivers;

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// Driver of a lamp, one of the two user LEDs, for the process that owns the [`LAMPS`]. High is on.
pub type Lamp = drivers::Lamp<An505>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of the [clock](CLOCK_HZ), 50 ns each.
pub type Timer = drivers::Timer<An505>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = drivers::Uart<An505>;

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
}
