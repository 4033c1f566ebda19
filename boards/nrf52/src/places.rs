// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pins of a board. Boards with these chips have the same [devices](crate::devices) at different pins.

use crate::pins::Pin;
use core::fmt::Debug;

/// The places of the devices on a board.
pub trait Places: Debug + Send + 'static {
    /// The pins with which the first serial line sends and receives.
    const UART_PINS: [Pin; 2];
    /// The pins of the lamps.
    const LAMP_PINS: [Pin; 2];
    /// A lamp is on while its pin is low.
    const LAMPS_ARE_LOW: bool;
    /// There is a crystal of 32,768 Hz at the pins 0 and 1 of the first port.
    const HAS_SLOW_CRYSTAL: bool;
    /// Pins that are always low.
    const LOW_PINS: &'static [Pin];
}

/// A board for unit tests.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Example;

#[cfg(test)]
impl Places for Example {
    const UART_PINS: [Pin; 2] = [Pin::new(0, 6), Pin::new(1, 8)];
    const LAMP_PINS: [Pin; 2] = [Pin::new(0, 13), Pin::new(0, 14)];
    const LAMPS_ARE_LOW: bool = true;
    const HAS_SLOW_CRYSTAL: bool = true;
    const LOW_PINS: &'static [Pin] = &[Pin::new(0, 28)];
}
