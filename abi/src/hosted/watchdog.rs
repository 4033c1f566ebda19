// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdog, which ends the program where a board would be reset.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the watchdog.
pub const MMIO: Mmio = mmio(8);
/// Register. The time within which the watchdog has to be fed again, in µs. A write starts the watchdog, and nothing
/// stops it.
pub const TIME: Word = 0;
/// Register. Writing any value feeds the watchdog: its time counts again.
pub const FEED: Word = 1;
