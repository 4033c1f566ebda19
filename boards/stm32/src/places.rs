// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices and pins of a board. Boards with chips of the same family have the same devices at different pins.

#[cfg(test)]
use crate::bus::device;
#[cfg(test)]
use crate::family::Crystal;
use crate::family::Family;
use crate::pins::Pin;
use core::fmt::Debug;
use crossgate_abi::table::Mmio;

/// The places of the devices that the drivers here are for, on a board.
pub trait Places: Debug + Send + 'static {
    /// The family of the chip.
    type Family: Family;
    /// The source of the clock.
    const SOURCE: <Self::Family as Family>::Source;
    /// The frequency at which the timers count, in Hz. It divides the frequency of the timers' clock.
    const TIMER_HZ: u32;
    /// The number of interrupt lines of the chip.
    const LINES: u16;
    /// The registers of the serial lines.
    const UARTS: [Mmio; 3];
    /// The registers of the timers. They have 32 bits: on some of these chips, only TIM2 and TIM5 have.
    const TIMERS: [Mmio; 2];
    /// The registers of the GPIO port of the lamps.
    const LAMPS: Mmio;
    /// The pins of the lamps in that port.
    const LAMP_PINS: [u8; 2];
    /// The pins that the board uses, those of the lamps included.
    const PINS: &'static [Pin];
}

/// A board for unit tests.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Example;

#[cfg(test)]
impl Places for Example {
    type Family = crate::Stm32F4;
    const SOURCE: Crystal = Crystal { mhz: 8, is_clock: false };
    const TIMER_HZ: u32 = 4_000_000;
    const LINES: u16 = 82;
    const UARTS: [Mmio; 3] = [device(0x4001_1000), device(0x4000_4400), device(0x4000_4800)];
    const TIMERS: [Mmio; 2] = [device(0x4000_0000), device(0x4000_0c00)];
    const LAMPS: Mmio = device(0x4002_0000);
    const LAMP_PINS: [u8; 2] = [10, 6];
    const PINS: &'static [Pin] = &[];
}
