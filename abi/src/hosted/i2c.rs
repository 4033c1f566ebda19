// SPDX-License-Identifier: MIT OR Apache-2.0
//! A controller of an I2C bus. It sends and receives single bytes, and the driver starts each of these steps.
//!
//! | to ... | the driver writes |
//! |---|---|
//! | begin a transfer, or begin another one within it | [`START`] |
//! | send a byte | [`SEND`] |
//! | receive a byte | [`RECEIVE`], and reads it from [`DATA`] |
//! | end the transfer | [`STOP`] |
//!
//! Each of these takes its time at the rate of the bus. Other writes during that time have no effect.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the controller.
pub const MMIO: Mmio = mmio(7);
/// Register. The rate in bits per second. It is 0 until a driver sets it, and while it is 0, the controller does
/// nothing. A write ends any transfer.
pub const RATE: Word = 0;
/// Register. A write makes the condition START and sends the byte. The upper seven bits of the byte are the address,
/// and the lowest bit is 1 to read.
pub const START: Word = 1;
/// Register. A write sends the byte.
pub const SEND: Word = 2;
/// Register. A write receives a byte: 1 acknowledges the byte; 0, for the last byte of a transfer, does not.
pub const RECEIVE: Word = 3;
/// Register. The byte that was received.
pub const DATA: Word = 4;
/// Register. A write makes the condition STOP.
pub const STOP: Word = 5;
/// Register. [`BUSY`] and [`ACKNOWLEDGED`].
pub const STATUS: Word = 6;
/// Bit of [`STATUS`]. The controller is not done yet.
pub const BUSY: Word = 1;
/// Bit of [`STATUS`]. A chip acknowledged the last byte that was sent.
pub const ACKNOWLEDGED: Word = 2;
