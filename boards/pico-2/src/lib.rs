// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Raspberry Pi Pico 2: an RP2350, whose first Cortex-M33 runs at 150 MHz.
//!
//! Nobody has run Crossgate on this board, and no emulator has it: firmware for it is built and linked, and the words of
//! the image that the boot ROM reads are checked. The tests of the CPU run on the emulated
//! [`mps2-an505`](https://docs.rs/mps2-an505).
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`, which also has the block that the boot
//! ROM looks for. Its target is `thumbv8m.main-none-eabi` or, for processes that use the floating point unit,
//! `thumbv8m.main-none-eabihf`. The wiring gives devices such as [`UART0`] and their [`interrupt`]s to processes, which
//! drive them with [`Uart`], [`Timer`] and [`Lamp`].
//!
//! The chip has two serial lines. The third of the [contract](https://docs.rs/board-contract) is at an address where the
//! chip has nothing: an access there is a fault of the process.
//!
//! | file | contents | in the data sheet of the RP2350 |
//! |---|---|---|
//! | `registers` | the registers of the devices | 2.2, address map |
//! | `resets` | the resets of devices | 7.5, resets |
//! | `clock` | the clock tree | 8.1, clocks; 8.2, crystal oscillator; 8.6, PLL |
//! | `chip` | pins, and rights that the boot ROM leaves | 9, GPIO; 10.6, access control |
//! | `timer` | a timer | 12.8, system timers |
//! | `lamp` | an output pin as a lamp | 3.1, SIO |
//! | `board` | the functions that the port calls | 3.1.8, RISC-V platform timer |
//!
//! The second core stays in the boot ROM, where it waits for a word in the mailbox of the two cores. No device of this
//! crate contains the mailbox.
#![no_std]

mod board;
mod chip;
mod clock;
mod lamp;
mod registers;
mod resets;
mod timer;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use lamp::Lamp;
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
pub type Uart = pl011_driver::Uart<Lines>;

/// Makes a wiring into a firmware. See [`crossgate_cortex_m::start`].
///
/// Before the first process runs, the CPU's clock is switched to the PLL, and the pins are connected to the serial
/// lines and to the lamps. The timer that the chip has for its RISC-V cores gives the time. If the kernel halts, it
/// writes a last message to [`UART0`], whichever process owns this line.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the CPU, of the timers and of the serial lines' clock, in Hz.
pub const CLOCK_HZ: u32 = 150_000_000;

/// The registers of the first serial line. It sends on GP0 (pin 1), and receives on GP1 (pin 2).
pub const UART0: Mmio = Mmio { start: 0x4007_0000, size: 0x1000 };
/// The registers of the second serial line. It sends on GP4 (pin 6), and receives on GP5 (pin 7).
pub const UART1: Mmio = Mmio { start: 0x4007_8000, size: 0x1000 };
/// The place of a third serial line, which the chip does not have.
pub const UART2: Mmio = Mmio { start: 0x4016_8000, size: 0x1000 };

/// The registers of the first timer.
pub const TIMER0: Mmio = Mmio { start: 0x400b_0000, size: 0x1000 };
/// The registers of the second timer.
pub const TIMER1: Mmio = Mmio { start: 0x400b_8000, size: 0x1000 };

/// The registers of the lamps: the outputs of all pins whose function is that of software. These are the pins of the
/// lamps. The range ends before the mailbox that starts the second core (0x50).
pub const LAMPS: Mmio = Mmio { start: 0xd000_0000, size: 0x40 };

/// The lines of the interrupt controller (data sheet, 3.2). A serial line has one interrupt line for both directions.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 33;
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 34;
    /// A spare line, which no device raises, for [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 46;
    /// The alarm of [`TIMER0`](super::TIMER0).
    pub const TIMER0: u16 = 0;
    /// The alarm of [`TIMER1`](super::TIMER1).
    pub const TIMER1: u16 = 4;
}
