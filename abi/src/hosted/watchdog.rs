// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdog. It ends the program in the cases in which a real board would be reset.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the watchdog.
pub const MMIO: Mmio = mmio(8);
/// Register. The time within which the watchdog has to be fed again, in µs. A write starts the watchdog. It can't be
/// stopped.
pub const TIME: Word = 0;
/// Register. Writing any value feeds the watchdog: its time starts again.
pub const FEED: Word = 1;
