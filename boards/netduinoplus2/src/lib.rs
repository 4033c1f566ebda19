// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Netduino Plus 2: an STM32F405RG, a Cortex-M4 with a floating point unit at 168 MHz, also as `qemu-system-arm -M
//! netduinoplus2` emulates it.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv7em-none-eabihf`.
//! The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`],
//! [`Timer`] and [`Lamp`].
//!
//! The emulator has the CPU, the serial lines and the timers, but no clock control and no GPIO: lamps are dark, and can't
//! be read back. Its timers count at another frequency than those of the chip, so they are divided down to one that both
//! can have, [`CLOCK_HZ`].
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use stm32_board::{Crystal, Pin, Places, Stm32F4, device};

#[doc(hidden)]
pub use stm32_board::cortex_m as port;

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Netduino;

impl Places for Netduino {
    type Family = Stm32F4;
    const SOURCE: Crystal = Crystal { mhz: 25, is_clock: false };
    const TIMER_HZ: u32 = CLOCK_HZ;
    // The last one is that of the floating point unit, 81 (RM0090, 12.2).
    const LINES: u16 = 82;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
    const LAMP_PINS: [u8; 2] = [10, 6];
    const PINS: &'static [Pin] = &[
        // The lamps: the blue LED, and D9.
        Pin::output('A', 10),
        Pin::output('A', 6),
        // UART0: sends on SCL, receives on SDA.
        Pin::device('B', 6, 7),
        Pin::device('B', 7, 7),
        // UART1: sends on D3, receives on D2.
        Pin::device('A', 2, 7),
        Pin::device('A', 3, 7),
        // UART2: sends on D10.
        Pin::device('B', 10, 7),
    ];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = stm32_board::Hardware<Netduino>;
/// Driver of a lamp, for the process that owns the [`LAMPS`]. Lamp 0 is the blue LED. Lamp 1 is for an LED of your own,
/// from D9 of the headers to ground. High is on.
pub type Lamp = stm32_board::Lamp<Netduino>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 250 ns each, and wraps
/// around after 2^32 ticks (18 minutes).
pub type Timer = stm32_board::Timer<Netduino>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = stm32_board::Uart<Netduino>;

/// Makes a wiring into a firmware. See [`stm32_board::cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, and the pins are connected to the serial
/// lines and to the lamps, and locked. SysTick gives the time. If the kernel halts, it writes a last message to
/// [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the timers, in Hz. It is the highest one in whole MHz that the chip's 84 MHz and the emulator's
/// 1 GHz can both be divided to. (The CPU has 168 MHz.)
pub const CLOCK_HZ: u32 = 4_000_000;

/// The registers of the first serial line, USART1; QEMU's first `-serial`. It sends on the pin SCL of the headers, and
/// receives on SDA.
pub const UART0: Mmio = device(0x4001_1000);
/// The registers of the second serial line, USART2; QEMU's second `-serial`. It sends on D3, and receives on D2.
pub const UART1: Mmio = device(0x4000_4400);
/// The registers of the third serial line, USART3; QEMU's third `-serial`. It sends on D10. Its other pin is the one of
/// the button, so it receives nothing, except in the emulator.
pub const UART2: Mmio = device(0x4000_4800);

/// The registers of the first timer, TIM2.
pub const TIMER0: Mmio = device(0x4000_0000);
/// The registers of the second timer, TIM5.
pub const TIMER1: Mmio = device(0x4000_0c00);

/// The registers of the lamps: GPIO port A, whose other pins belong to [`UART1`], to the USB connector and to debuggers.
pub const LAMPS: Mmio = stm32_board::port::<Stm32F4>('A');

/// The lines of the interrupt controller (RM0090, 12.2). A serial line has one interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 37;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 38;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 39;
    /// [`TIMER0`](super::TIMER0) has come to its end.
    pub const TIMER0: u16 = 28;
    /// [`TIMER1`](super::TIMER1) has come to its end.
    pub const TIMER1: u16 = 50;
}
