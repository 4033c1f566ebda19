// SPDX-License-Identifier: MIT OR Apache-2.0
//! Serial lines.

use super::{Mmio, mmio};
use crate::Word;

/// The ranges of the serial lines.
pub const MMIO: [Mmio; 3] = [mmio(0), mmio(1), mmio(2)];
/// The interrupts of the serial lines: a byte has been received.
pub const INTERRUPTS: [u16; 3] = [0, 1, 2];
/// Register. A read takes the received byte; a write sends one.
pub const DATA: Word = 0;
/// Register. 1 if a byte has been received, else 0.
pub const RECEIVED: Word = 1;
/// Register. The rate in bits per second. It is 0 until a driver sets it, and while it is 0, nothing is received.
pub const RATE: Word = 2;
/// Register. 1: a received byte raises the interrupt.
pub const INTERRUPT: Word = 3;
