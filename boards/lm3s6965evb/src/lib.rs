// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Stellaris LM3S6965 evaluation board of Luminary Micro (now Texas Instruments): a Cortex-M3 at 50 MHz, as
//! `qemu-system-arm -M lm3s6965evb` emulates it.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. The wiring gives devices such as
//! [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`], [`Timer`], [`Spi`] and [`Lamp`].
//!
//! The registers are described in the data sheet of the LM3S6965 (Texas Instruments, SPMS290).
#![no_std]

mod board;
mod chip;
mod lamp;
mod output;
mod spi;
mod timer;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use lamp::Lamp;
pub use output::Output;
pub use spi::{CardSelect, Spi};
pub use timer::Timer;

use crossgate_abi::table::Mmio;

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// The places of the serial lines.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lines;

impl pl011_driver::Places for Lines {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
}

/// Driver of a serial line, for the process that owns its registers.
///
/// ```
/// use lm3s6965evb::{UART1, Uart};
/// const PORT: Uart = Uart::new(UART1, 115_200).with_receive_interrupt();
/// ```
pub type Uart = pl011_driver::Uart<Lines>;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL. The pins are connected to the serial lines,
/// to the SPI bus and the line that selects the card, and to the lamps. The display on the SPI bus is not selected. The
/// watchdog timer gives the time, so the firmware must not use it. If the kernel halts, it writes a last message to
/// [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 50_000_000;

/// The registers of the first serial line; QEMU's first `-serial`.
pub const UART0: Mmio = Mmio { start: 0x4000_c000, size: 0x1000 };
/// The registers of the second serial line; QEMU's second `-serial`.
pub const UART1: Mmio = Mmio { start: 0x4000_d000, size: 0x1000 };
/// The registers of the third serial line; QEMU's third `-serial`.
pub const UART2: Mmio = Mmio { start: 0x4000_e000, size: 0x1000 };

/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x4003_0000, size: 0x1000 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x4003_1000, size: 0x1000 };

/// The registers of the lamps: GPIO port F, which also has the button "select".
pub const LAMPS: Mmio = Mmio { start: 0x4002_5000, size: 0x1000 };

/// The registers of the SPI bus, with the socket for an SD card (QEMU's `-drive if=sd`) and the display.
pub const SSI0: Mmio = Mmio { start: 0x4000_8000, size: 0x1000 };
/// The registers of the line that selects the SD card: GPIO port D, which also has the pins of [`UART1`].
pub const CARD_SELECT: Mmio = Mmio { start: 0x4000_7000, size: 0x1000 };

/// The lines of the interrupt controller. A serial line has one interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 5;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 6;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 33;
    /// [`TIMER0`](super::TIMER0) has come to 0.
    pub const TIMER0: u16 = 19;
    /// [`TIMER1`](super::TIMER1) has come to 0.
    pub const TIMER1: u16 = 21;
}
