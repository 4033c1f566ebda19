// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ESP32-C3-DevKitM-1 of Espressif: an ESP32-C3, a RISC-V core without atomic instructions (RV32IMC), here at 40
//! MHz. The pins are those of the board's user guide.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words
//! of the image that the boot ROM reads are checked. The tests of the core run on the emulated
//! [`virt-vectored`](https://docs.rs/crossgate-virt-vectored).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`, and [`start!`] adds the words that the
//! boot ROM looks for. Code reads its constants at the addresses for data, to which this ROM maps the flash a second time.
//! Its target is `riscv32imc-unknown-none-elf`. The wiring gives devices such as [`UART0`] and
//! their [`interrupt`]s to processes, which drive them with [`Uart`], [`Timer`] and [`Lamp`].
//!
//! The chip has two serial lines. The third of the [contract](https://docs.rs/crossgate-board-contract) is at an
//! address where the chip has nothing. The LED on the board needs a signal of its own (WS2812), so the lamps are LEDs
//! of your own.
#![no_std]

board_contract::check!();

use crossgate_abi::table::Mmio;
use esp32_board::{C3, Chip, Places, TIMERS_HZ};

#[doc(hidden)]
pub use esp32_board::{direct_boot, riscv as port};

/// The places of the devices.
#[doc(hidden)]
#[derive(Debug)]
pub struct DevKit;

impl Places for DevKit {
    type Chip = C3;
    const UART_PINS: [[usize; 2]; 2] = [[21, 20], [4, 5]];
    const LAMP_PINS: [usize; 2] = [10, 3];
}

/// The board, for the port.
#[doc(hidden)]
pub type Hardware = esp32_board::Hardware<DevKit>;
/// Driver of a lamp, an LED of your own from a pin to ground, for the process that owns the [`LAMPS`]: GPIO10 and
/// GPIO3. High is on.
pub type Lamp = esp32_board::Lamp<DevKit>;
/// Driver of a timer, for the process that owns its registers. It counts ticks of [`CLOCK_HZ`], 50 ns each, and wraps
/// around after 2^32 ticks (214 s). An alarm starts it from 0.
pub type Timer = esp32_board::Timer<C3>;
/// Driver of a serial line, for the process that owns its registers.
pub type Uart = esp32_board::Uart<C3>;

/// Makes a wiring into a firmware. See [`esp32_board::riscv::start`].
///
/// Before the first process runs, the watchdogs are stopped, the CPU's clock is that of the crystal, and the pins are
/// connected to the serial lines and to the lamps. The chip's system timer gives the time. If the kernel halts, it
/// writes a last message to [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::direct_boot!();
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the timers, in Hz. (The CPU has 40 MHz.)
pub const CLOCK_HZ: u32 = 20_000_000;

const _: () = assert!(CLOCK_HZ == TIMERS_HZ, "the drivers count with it");

/// The registers of the first serial line, which the board passes on over USB. It sends on GPIO21, and receives on
/// GPIO20.
pub const UART0: Mmio = C3::UARTS[0];
/// The registers of the second serial line. It sends on GPIO4, and receives on GPIO5.
pub const UART1: Mmio = C3::UARTS[1];
/// The place of a third serial line, which the chip does not have.
pub const UART2: Mmio = C3::UARTS[2];

/// The registers of the first timer: those of timer group 0 up to the interrupt of the timer.
pub const TIMER0: Mmio = C3::TIMERS[0];
/// The registers of the second timer: those of timer group 1 up to the interrupt of the timer.
pub const TIMER1: Mmio = C3::TIMERS[1];

/// The registers of the lamps: the levels and directions of all pins whose function is that of software. These are the
/// pins of the lamps.
pub const LAMPS: Mmio = Mmio { start: C3::PINS, size: 0x40 };

/// The lines of the interrupt controller: the sources of the interrupt matrix. A serial line has one for both
/// directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 21;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 22;
    /// A source that no device raises, for [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 12;
    /// The alarm of [`TIMER0`](super::TIMER0).
    pub const TIMER0: u16 = 32;
    /// The alarm of [`TIMER1`](super::TIMER1).
    pub const TIMER1: u16 = 34;
}
