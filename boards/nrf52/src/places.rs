// SPDX-License-Identifier: MIT OR Apache-2.0
//! The devices and pins of a board. Boards with these chips have the same devices at different pins.

use crate::pins::Pin;
#[cfg(test)]
use crate::{outputs, registers::device};
use core::fmt::Debug;
use crossgate_abi::table::Mmio;

/// The places of the devices that the drivers here are for, on a board.
pub trait Places: Debug + Send + 'static {
    /// The registers of the serial lines. The chips have one without DMA, the first.
    const UARTS: [Mmio; 3];
    /// The pins with which the first serial line sends and receives.
    const UART_PINS: [Pin; 2];
    /// The registers of the timers.
    const TIMERS: [Mmio; 2];
    /// The [outputs](crate::outputs) of the port of the lamps.
    const LAMPS: Mmio;
    /// The pins of the lamps.
    const LAMP_PINS: [Pin; 2];
    /// A lamp is on while its pin is low.
    const LAMPS_ARE_LOW: bool;
    /// Pins that are always low.
    const LOW_PINS: &'static [Pin];
}

/// A board for unit tests.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Example;

#[cfg(test)]
impl Places for Example {
    const UARTS: [Mmio; 3] = [device(2), device(48), device(49)];
    const UART_PINS: [Pin; 2] = [Pin::new(0, 6), Pin::new(1, 8)];
    const TIMERS: [Mmio; 2] = [device(8), device(9)];
    const LAMPS: Mmio = outputs(0);
    const LAMP_PINS: [Pin; 2] = [Pin::new(0, 13), Pin::new(0, 14)];
    const LAMPS_ARE_LOW: bool = true;
    const LOW_PINS: &'static [Pin] = &[Pin::new(0, 28)];
}
