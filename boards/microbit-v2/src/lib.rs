// SPDX-License-Identifier: MIT OR Apache-2.0
//! The BBC micro:bit V2: an nRF52833, a Cortex-M4 with a floating point unit at 64 MHz, with a debugger on the board. The
//! pins are those of the board's schematic.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and its image is
//! checked. It shares its drivers with the [`nrf52840-dk`](https://docs.rs/crossgate-nrf52840-dk).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv7em-none-eabihf`.
//! The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`],
//! [`Timer`] and [`Lamp`]. The process that owns [`UART0`] is [trusted with all memory](nrf52_board), because this device
//! can access memory itself.
//!
//! The board has one serial line. The others of the [contract](https://docs.rs/crossgate-board-contract) are at
//! addresses where the chip has no device.
#![no_std]

board_contract::check!();

use nrf52_board::{Pin, Places, TIMERS_HZ};

#[doc(hidden)]
pub use nrf52_board::cortex_m as port;
pub use nrf52_board::{LAMPS, TIMER0, TIMER1, UART0, UART1, UART2, interrupt};

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Microbit;

impl Places for Microbit {
    // The debugger's serial line (UART_INT_RX and UART_INT_TX).
    const UART_PINS: [Pin; 2] = [Pin::new(0, 6), Pin::new(1, 8)];
    // The first two rows of the LEDs (ROW1 and ROW2), and their first column (COL1).
    const LAMP_PINS: [Pin; 2] = [Pin::new(0, 21), Pin::new(0, 22)];
    const LAMPS_ARE_LOW: bool = false;
    const HAS_SLOW_CRYSTAL: bool = false;
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
pub type Timer = nrf52_board::Timer;
/// Driver of the serial line, for the process that owns its registers.
pub type Uart = nrf52_board::Uart;

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
