// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Ethernet controller. Frames have no check sequence.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the controller.
pub const MMIO: Mmio = mmio(14);
/// The interrupt: a frame has been received, and not been taken.
pub const INTERRUPT_LINE: u16 = 5;
/// Register. The length of the oldest received frame in bytes; 0 if there is none. A write takes that frame away.
pub const RECEIVED: Word = 0;
/// Register. A read returns the next eight bytes of the oldest received frame; a write adds eight bytes to the frame to
/// send.
pub const DATA: Word = 1;
/// Register. A write sends the first so many bytes that were added.
pub const SEND: Word = 2;
/// Register. 1: a received frame raises the interrupt. A write resets the controller: no frame is half read or half
/// added.
pub const INTERRUPT: Word = 3;
/// The longest frame.
pub const LONGEST: usize = 1514;
