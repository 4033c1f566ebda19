// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ARM MPS2 board with the AN385 image: a Cortex-M3 at 25 MHz, as `qemu-system-arm -M
//! mps2-an385` emulates it.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. The wiring gives devices such as
//! [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`], [`Timer`], [`Lamp`], [`I2c`],
//! [`Ethernet`] and [`Watchdog`].
#![no_std]

mod board;
mod ethernet;
mod gates;
mod i2c;
mod lamp;
mod places;
mod sleep;
mod timer;
mod uart;
mod watchdog;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use ethernet::Ethernet;
pub use i2c::I2c;
pub use watchdog::Watchdog;

use crossgate_abi::table::Mmio;

#[doc(hidden)]
pub use crossgate_cortex_m as port;

/// The drivers, for boards with the same devices at other places.
#[doc(hidden)]
pub mod drivers {
    pub use crate::board::DualTimer;
    pub use crate::gates::open_gates;
    pub use crate::lamp::Lamp;
    pub use crate::places::{DualTimerPlace, Places};
    pub use crate::sleep::sleep;
    pub use crate::timer::Timer;
    pub use crate::uart::Uart;
}

/// Driver of a lamp, one of the two user LEDs.
pub type Lamp = drivers::Lamp<places::An385>;
/// Driver of a timer.
pub type Timer = drivers::Timer<places::An385>;
/// Driver of a serial line.
pub type Uart = drivers::Uart<places::An385>;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
///
/// The dual timer gives the time, so the firmware must not use it. If the kernel halts, it writes a last message to
/// [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU and of the peripherals, in Hz.
pub const CLOCK_HZ: u32 = 25_000_000;

/// The registers of the first serial line; QEMU's first `-serial`.
pub const UART0: Mmio = Mmio { start: 0x4000_4000, size: 0x1000 };
/// The registers of the second serial line; QEMU's second `-serial`.
pub const UART1: Mmio = Mmio { start: 0x4000_5000, size: 0x1000 };
/// The registers of the third serial line; QEMU's third `-serial`.
pub const UART2: Mmio = Mmio { start: 0x4000_6000, size: 0x1000 };

/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x4000_0000, size: 0x1000 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x4000_1000, size: 0x1000 };

/// The registers of the watchdog.
pub const WATCHDOG: Mmio = Mmio { start: 0x4000_8000, size: 0x1000 };

/// The registers of the lamps (the FPGA's input and output).
pub const LAMPS: Mmio = Mmio { start: 0x4002_8000, size: 0x1000 };

/// The registers of the I2C bus of the second shield; QEMU's `-device CHIP,address=ADDRESS` puts a chip on it.
pub const I2C0: Mmio = Mmio { start: 0x4002_a000, size: 0x1000 };
/// The registers of the I2C bus of the first shield.
pub const I2C1: Mmio = Mmio { start: 0x4002_9000, size: 0x1000 };

/// The registers of the Ethernet controller; QEMU's `-nic` connects it.
pub const ETHERNET: Mmio = Mmio { start: 0x4020_0000, size: 0x100 };

/// The lines of the interrupt controller.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 0;
    /// [`UART0`](super::UART0) can take another byte.
    pub const UART0_TX: u16 = 1;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 2;
    /// [`UART1`](super::UART1) can take another byte.
    pub const UART1_TX: u16 = 3;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 4;
    /// [`UART2`](super::UART2) can take another byte.
    pub const UART2_TX: u16 = 5;
    /// [`TIMER0`](super::TIMER0) has come to 0.
    pub const TIMER0: u16 = 8;
    /// [`TIMER1`](super::TIMER1) has come to 0.
    pub const TIMER1: u16 = 9;
    /// A frame has arrived at [`ETHERNET`](super::ETHERNET).
    pub const ETHERNET: u16 = 13;
}
