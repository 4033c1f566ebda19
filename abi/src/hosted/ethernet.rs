// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Ethernet controller. Frames have no check sequence.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the controller.
pub const MMIO: Mmio = mmio(14);
/// The interrupt: a frame has been received, and the driver has not taken it yet.
pub const INTERRUPT_LINE: u16 = 5;
/// Register. The length of the oldest received frame in bytes; 0 if there is none. A write removes that frame.
pub const RECEIVED: Word = 0;
/// Register. A read returns the next eight bytes of the oldest received frame; a write adds eight bytes to the frame to
/// send.
pub const DATA: Word = 1;
/// Register. A write sends the bytes that were added. The value is their number.
pub const SEND: Word = 2;
/// Register. 1: a received frame raises the interrupt. A write also resets the controller: the oldest frame is read
/// from its start again, and added bytes are dropped.
pub const INTERRUPT: Word = 3;
/// The longest frame.
pub const LONGEST: usize = 1514;
