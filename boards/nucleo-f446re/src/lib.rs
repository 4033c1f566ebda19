// SPDX-License-Identifier: MIT OR Apache-2.0
//! The NUCLEO-F446RE of ST: an STM32F446RE, a Cortex-M4 with a floating point unit at 168 MHz, with a debugger on the
//! board.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked. It has the
//! drivers of the [`netduinoplus2`](https://docs.rs/crossgate-netduinoplus2), which is emulated, and other pins,
//! memory and clocks.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv7em-none-eabihf`.
//! The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`],
//! [`Timer`] and [`Lamp`]. The pins are those of the board's manual (UM1724) and of the data sheet of the chip.
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use stm32_board::{Crystal, Family, Pin, Places, Stm32F4, device};

#[doc(hidden)]
pub use stm32_board::cortex_m as port;

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nucleo;

impl Places for Nucleo {
    type Family = Stm32F4;
    // The clock of the debugger.
    const SOURCE: Crystal = Crystal { mhz: 8, is_clock: true };
    const TIMER_HZ: u32 = CLOCK_HZ;
    // The last one is that of the second I2C bus with FMP, 96 (RM0390, 10.2).
    const LINES: u16 = 97;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
    const LAMP_PINS: [u8; 2] = [5, 6];
    const PINS: &'static [Pin] = &[
        // The lamps: LD2, and D12.
        Pin::output('A', 5),
        Pin::output('A', 6),
        // UART0, through the debugger.
        Pin::device('A', 2, 7),
        Pin::device('A', 3, 7),
        // UART1: sends on D8, receives on D2.
        Pin::device('A', 9, 7),
        Pin::device('A', 10, 7),
        // UART2: sends on pin 1 of CN7, receives on pin 2.
        Pin::device('C', 10, 7),
        Pin::device('C', 11, 7),
    ];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = stm32_board::Hardware<Nucleo>;
/// Driver of a lamp, for the process that owns the [`LAMPS`]. Lamp 0 is LD2. Lamp 1 is for an LED of your own, from D12
/// of the headers to ground. High is on.
pub type Lamp = stm32_board::Lamp<Nucleo>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 12 ns each, and wraps
/// around after 2^32 ticks (51 s).
pub type Timer = stm32_board::Timer<Nucleo>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = stm32_board::Uart<Nucleo>;

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

/// The frequency of the timers, in Hz. (The CPU has 168 MHz.)
pub const CLOCK_HZ: u32 = 84_000_000;

const _: () = assert!(CLOCK_HZ == Stm32F4::TIMERS_HZ, "the timers count their clock itself");

/// The registers of the first serial line, USART2: the debugger passes it on over USB.
pub const UART0: Mmio = device(0x4000_4400);
/// The registers of the second serial line, USART1. It sends on D8, and receives on D2.
pub const UART1: Mmio = device(0x4001_1000);
/// The registers of the third serial line, USART3. It sends on pin 1 of CN7, and receives on pin 2.
pub const UART2: Mmio = device(0x4000_4800);

/// The registers of the first timer, TIM2.
pub const TIMER0: Mmio = device(0x4000_0000);
/// The registers of the second timer, TIM5.
pub const TIMER1: Mmio = device(0x4000_0c00);

/// The registers of the lamps: GPIO port A, whose other pins belong to [`UART0`], to [`UART1`] and to the debugger.
pub const LAMPS: Mmio = stm32_board::port::<Stm32F4>('A');

/// The lines of the interrupt controller (RM0390, 10.2). A serial line has one interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 38;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 37;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 39;
    /// [`TIMER0`](super::TIMER0) has come to its end.
    pub const TIMER0: u16 = 28;
    /// [`TIMER1`](super::TIMER1) has come to its end.
    pub const TIMER1: u16 = 50;
}
