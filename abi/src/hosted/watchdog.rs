// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdog, which ends the program where a board would be reset.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the watchdog.
pub const MMIO: Mmio = mmio(8);
/// Register. The time after which it has to be fed again, in µs. Writing it starts the watchdog, which nothing stops.
pub const TIME: Word = 0;
/// Register. Writing any value feeds the watchdog: its time counts again.
pub const FEED: Word = 1;
