// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real-time clock. It starts with the time of Linux, and counts the time of the firmware, which may be virtual.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the clock.
pub const MMIO: Mmio = mmio(10);
/// Register. The time since 1970-01-01 00:00:00 UTC, in µs. Writing it sets the clock, but not that of Linux.
pub const TIME: Word = 0;
