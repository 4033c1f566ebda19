// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's machine `virt`, with a RISC-V core of 32 bits (RV32IMAC): `qemu-system-riscv32 -M virt`. No hardware like this
//! exists.
//!
//! A firmware that depends on this crate is linked with the board's `memory.x`. The wiring gives devices such as
//! [`UART0`] and their [`interrupt`]s to processes, which drive them with [`Uart`] and [`Timer`].
//!
//! The machine has only one serial line and one timer, and no lamps. The others of the
//! [contract](https://docs.rs/crossgate-board-contract) are at addresses where the machine has nothing that firmware could use: the
//! slots of devices of a virtual machine.
#![no_std]

mod board;
mod lamp;
mod timer;
// The macro of the registers computes with their alignment, which is 1.
#[allow(clippy::modulo_one)]
mod uart;

board_contract::check!();

#[doc(hidden)]
pub use board::Hardware;
pub use lamp::Lamp;
pub use timer::Timer;
pub use uart::Uart;

use crossgate_abi::table::Mmio;

#[doc(hidden)]
pub use crossgate_riscv as port;

/// Makes a wiring into a firmware. See [`crossgate_riscv::start`].
///
/// The kernel's last words go to [`UART0`], whichever process owns it.
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 10_000_000;

/// The registers of the serial line; QEMU's first `-serial`.
pub const UART0: Mmio = Mmio { start: 0x1000_0000, size: 0x100 };
/// The place of a second serial line, which the machine does not have.
pub const UART1: Mmio = Mmio { start: 0x1000_1000, size: 0x1000 };
/// The place of a third serial line, which the machine does not have.
pub const UART2: Mmio = Mmio { start: 0x1000_2000, size: 0x1000 };

/// The registers of the timer: the real-time clock, which has an alarm.
pub const TIMER0: Mmio = Mmio { start: 0x0010_1000, size: 0x1000 };
/// The place of a second timer, which the machine does not have.
pub const TIMER1: Mmio = Mmio { start: 0x1000_3000, size: 0x1000 };

/// The place of lamps, which the machine does not have.
pub const LAMPS: Mmio = Mmio { start: 0x1000_4000, size: 0x1000 };

/// The lines of the interrupt controller.
pub mod interrupt {
    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = 10;
    /// The line of the slot at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = 1;
    /// The line of the slot at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = 2;
    /// The time of [`TIMER0`](super::TIMER0) has come.
    pub const TIMER0: u16 = 11;
    /// The line of the slot at [`TIMER1`](super::TIMER1).
    pub const TIMER1: u16 = 3;
}
