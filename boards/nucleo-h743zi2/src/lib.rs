// SPDX-License-Identifier: MIT OR Apache-2.0
//! The NUCLEO-H743ZI2 of ST: an STM32H743ZI, a Cortex-M7 with a floating point unit at 400 MHz, with a debugger on the
//! board. The NUCLEO-H753ZI is the same board with an STM32H753ZI, which also encrypts.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and its image
//! is checked. It shares its drivers with the other boards that have an STM32 ([`stm32_board`]).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv7em-none-eabihf`.
//! The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`],
//! [`Timer`] and [`Lamp`]. The pins are those of the board's manual (UM2407) and of the data sheet of the chip.
//!
//! All RAM of the firmware is in the DTCM, and the data cache is off: see the crate
//! [`stm32_board`](stm32_board::Stm32H7). No DMA controller but the MDMA reaches the DTCM. So memory for DMA has to be
//! in another RAM of the chip, which the wiring gives to a process like the registers of a device.
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use stm32_board::{Crystal, Family, Pin, Places, Stm32H7, device};

#[doc(hidden)]
pub use stm32_board::cortex_m as port;

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nucleo;

impl Places for Nucleo {
    type Family = Stm32H7;
    // The clock of the debugger.
    const SOURCE: Crystal = Crystal { mhz: 8, is_clock: true };
    const TIMER_HZ: u32 = CLOCK_HZ;
    // The last one is that of the wakeup pins, 149 (RM0433, "Nested vectored interrupt controller").
    const LINES: u16 = 150;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
    const LAMP_PINS: [u8; 2] = [0, 14];
    const PINS: &'static [Pin] = &[
        // The lamps: LD1 and LD3.
        Pin::output('B', 0),
        Pin::output('B', 14),
        // UART0, through the debugger.
        Pin::device('D', 8, 7),
        Pin::device('D', 9, 7),
        // UART1: sends on D1, receives on D0.
        Pin::device('B', 6, 7),
        Pin::device('B', 7, 7),
        // UART2: sends on D53, receives on D52.
        Pin::device('D', 5, 7),
        Pin::device('D', 6, 7),
    ];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = stm32_board::Hardware<Nucleo>;
/// Driver of a lamp, for the process that owns the [`LAMPS`]: LD1 (green) and LD3 (red). High is on.
pub type Lamp = stm32_board::Lamp<Nucleo>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 5 ns each, and wraps
/// around after 2^32 ticks (21 s).
pub type Timer = stm32_board::Timer<Nucleo>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = stm32_board::Uart<Nucleo>;

/// Makes a wiring into a firmware. See [`stm32_board::cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, the instruction cache is switched on, and the
/// pins are connected to the serial lines and to the lamps, and locked. SysTick gives the time. If the kernel halts, it
/// writes a last message to [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the timers, in Hz. (The CPU has 400 MHz.)
pub const CLOCK_HZ: u32 = 200_000_000;

const _: () = assert!(CLOCK_HZ == Stm32H7::TIMERS_HZ, "the timers count their clock itself");

/// The registers of the first serial line, USART3: the debugger passes it on over USB.
pub const UART0: Mmio = device(0x4000_4800);
/// The registers of the second serial line, USART1. It sends on D1, and receives on D0.
pub const UART1: Mmio = device(0x4001_1000);
/// The registers of the third serial line, USART2. It sends on D53, and receives on D52.
pub const UART2: Mmio = device(0x4000_4400);

/// The registers of the first timer, TIM2.
pub const TIMER0: Mmio = device(0x4000_0000);
/// The registers of the second timer, TIM5.
pub const TIMER1: Mmio = device(0x4000_0c00);

/// The registers of the lamps: GPIO port B, whose pins 6 and 7 belong to [`UART1`].
pub const LAMPS: Mmio = stm32_board::port::<Stm32H7>('B');

/// The lines of the interrupt controller (RM0433, "Nested vectored interrupt controller"). A serial line has one
/// interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 39;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 37;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 38;
    /// [`TIMER0`](super::TIMER0) has come to its end.
    pub const TIMER0: u16 = 28;
    /// [`TIMER1`](super::TIMER1) has come to its end.
    pub const TIMER1: u16 = 50;
}
