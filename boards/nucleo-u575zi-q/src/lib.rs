// SPDX-License-Identifier: MIT OR Apache-2.0
//! The NUCLEO-U575ZI-Q of ST: an STM32U575ZI, a Cortex-M33 at 160 MHz, with a debugger on the board.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and its image
//! is checked. It shares its drivers with the other boards that have an STM32 ([`stm32_board`]).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. Its target is `thumbv8m.main-none-eabi`
//! or, for processes that use the floating point unit, `thumbv8m.main-none-eabihf`. The wiring gives devices such as
//! [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`], [`Timer`] and [`Lamp`]. The pins
//! are those of the board's manual (UM2861) and of the data sheet of the chip.
//!
//! The option bits of the chip have to be as from the factory: TrustZone off ([`stm32_board`](stm32_board::Stm32U5)),
//! and no error correction for SRAM3, which would take a part of this RAM.
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use stm32_board::{Family, Internal, Pin, Places, Stm32U5, device};

#[doc(hidden)]
pub use stm32_board::cortex_m as port;

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nucleo;

impl Places for Nucleo {
    type Family = Stm32U5;
    const SOURCE: Internal = Internal;
    const TIMER_HZ: u32 = CLOCK_HZ;
    // The last one is that of the clock security of the slow crystal, 125 (RM0456, "Nested vectored interrupt
    // controller").
    const LINES: u16 = 126;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
    const LAMP_PINS: [u8; 2] = [7, 8];
    const PINS: &'static [Pin] = &[
        // The lamps: LD1, and D43.
        Pin::output('C', 7),
        Pin::output('C', 8),
        // UART0, through the debugger.
        Pin::device('A', 9, 7),
        Pin::device('A', 10, 7),
        // UART1: sends on D53, receives on D52.
        Pin::device('D', 5, 7),
        Pin::device('D', 6, 7),
        // UART2: sends on D45, receives on D46.
        Pin::device('C', 10, 7),
        Pin::device('C', 11, 7),
    ];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = stm32_board::Hardware<Nucleo>;
/// Driver of a lamp, for the process that owns the [`LAMPS`]. Lamp 0 is LD1 (green). Lamp 1 is for an LED of your own,
/// from D43 of CN8 to ground. High is on.
pub type Lamp = stm32_board::Lamp<Nucleo>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 6.25 ns each, and wraps
/// around after 2^32 ticks (27 s).
pub type Timer = stm32_board::Timer<Nucleo>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = stm32_board::Uart<Nucleo>;

/// Makes a wiring into a firmware. See [`stm32_board::cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, the instruction cache is switched on, and the
/// pins are connected to the serial lines and to the lamps, and locked. SysTick gives the time. If the kernel halts, it
/// writes a last message to [`UART0`], whichever process owns this line. It halts at once if TrustZone is on.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU and of the timers, in Hz.
pub const CLOCK_HZ: u32 = 160_000_000;

const _: () = assert!(CLOCK_HZ == Stm32U5::TIMERS_HZ, "the timers count their clock itself");

/// The registers of the first serial line, USART1: the debugger passes it on over USB.
pub const UART0: Mmio = device(0x4001_3800);
/// The registers of the second serial line, USART2. It sends on D53, and receives on D52.
pub const UART1: Mmio = device(0x4000_4400);
/// The registers of the third serial line, USART3. It sends on D45, and receives on D46.
pub const UART2: Mmio = device(0x4000_4800);

/// The registers of the first timer, TIM2.
pub const TIMER0: Mmio = device(0x4000_0000);
/// The registers of the second timer, TIM5.
pub const TIMER1: Mmio = device(0x4000_0c00);

/// The registers of the lamps: GPIO port C, whose pins 10 and 11 belong to [`UART2`].
pub const LAMPS: Mmio = stm32_board::port::<Stm32U5>('C');

/// The lines of the interrupt controller (RM0456, "Nested vectored interrupt controller"). A serial line has one
/// interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 61;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 62;
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 63;
    /// [`TIMER0`](super::TIMER0) has come to its end.
    pub const TIMER0: u16 = 45;
    /// [`TIMER1`](super::TIMER1) has come to its end.
    pub const TIMER1: u16 = 48;
}
