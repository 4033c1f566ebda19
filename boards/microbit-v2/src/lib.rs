// SPDX-License-Identifier: MIT OR Apache-2.0
//! The BBC micro:bit V2: an nRF52833, a Cortex-M4 with a floating point unit at 64 MHz, with a debugger on the board. The
//! pins are those of the board's schematic.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and its image is
//! checked. It shares its drivers with the [`nrf52840-dk`](https://docs.rs/nrf52840-dk).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv7em-none-eabihf`.
//! The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`],
//! [`Timer`] and [`Lamp`]. The process that owns [`UART0`] is [trusted with all memory](nrf52_board), because this device
//! can access memory itself.
//!
//! The board has one serial line. The others of the [contract](https://docs.rs/board-contract) are at addresses where
//! the chip has no device.
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use nrf52_board::{Pin, Places, TIMERS_HZ, device, outputs};

#[doc(hidden)]
pub use nrf52_board::cortex_m as port;

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Microbit;

impl Places for Microbit {
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    // The debugger's serial line (UART_INT_RX and UART_INT_TX).
    const UART_PINS: [Pin; 2] = [Pin::new(0, 6), Pin::new(1, 8)];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
    // The first two rows of the LEDs (ROW1 and ROW2), and their first column (COL1).
    const LAMP_PINS: [Pin; 2] = [Pin::new(0, 21), Pin::new(0, 22)];
    const LAMPS_ARE_LOW: bool = false;
    const LOW_PINS: &'static [Pin] = &[Pin::new(0, 28)];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = nrf52_board::Hardware<Microbit>;
/// Driver of a lamp, for the process that owns the [`LAMPS`]: the first two LEDs of the left column of the display. High is
/// on.
pub type Lamp = nrf52_board::Lamp<Microbit>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 62.5 ns each, and wraps
/// around after 2^32 ticks (268 s).
pub type Timer = nrf52_board::Timer<Microbit>;
/// Driver of the serial line, for the process that owns its registers.
pub type Uart = nrf52_board::Uart<Microbit>;

/// Makes a wiring into a firmware. See [`nrf52_board::cortex_m::start`].
///
/// Before the first process runs, the crystal is started, and the pins are connected to the serial line and to the
/// lamps. The chip's TIMER4 gives the time, so the firmware must not use it. If the kernel halts, it writes a last message
/// to [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the timers, in Hz. (The CPU has 64 MHz.)
pub const CLOCK_HZ: u32 = 16_000_000;

const _: () = assert!(CLOCK_HZ == TIMERS_HZ, "nothing divides the clock of the timers");

/// The registers of the serial line, UARTE0: the debugger passes it on over USB. Their owner is [trusted with all
/// memory](nrf52_board).
pub const UART0: Mmio = device(2);
/// The place of a second serial line, which the chip does not have without DMA.
pub const UART1: Mmio = device(48);
/// The place of a third serial line, which the chip does not have.
pub const UART2: Mmio = device(49);

/// The registers of the first timer.
pub const TIMER0: Mmio = device(8);
/// The registers of the second timer.
pub const TIMER1: Mmio = device(9);

/// The outputs of GPIO port 0, with the lamps and all pins of this port that no device has.
pub const LAMPS: Mmio = outputs(0);

/// The lines of the interrupt controller (product specification, 4.2.4). A serial line has one interrupt line for both
/// directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 2;
    /// A line that no device has, for [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 43;
    /// A line that no device has, for [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 44;
    /// [`TIMER0`](super::TIMER0) has come to its alarm.
    pub const TIMER0: u16 = 8;
    /// [`TIMER1`](super::TIMER1) has come to its alarm.
    pub const TIMER1: u16 = 9;
}
