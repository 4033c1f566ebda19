// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices of the chips, which are the same on every board.

use crate::pins::outputs;
use crate::registers::device;
use crossgate_abi::table::Mmio;

/// The frequency of the timers, in Hz. (The CPU has 64 MHz.)
pub const TIMERS_HZ: u32 = 16_000_000;

/// The registers of the serial line, UARTE0: the debugger passes it on over USB. Their owner is [trusted with all
/// memory](crate).
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
