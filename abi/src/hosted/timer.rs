// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timers, which count µs up from 0.

use super::{Mmio, mmio};
use crate::Word;

/// The ranges of the timers.
pub const MMIO: [Mmio; 2] = [mmio(4), mmio(5)];
/// The interrupts of the timers: the time in [`INTERRUPT_AFTER`] has passed.
pub const INTERRUPTS: [u16; 2] = [3, 4];
/// Register. The time since the start of the timer in µs. Writing any value restarts the timer.
pub const ELAPSED: Word = 0;
/// Register. The time from the start of the timer to its interrupt, in µs. 0 means no interrupt; writing 0 also
/// withdraws an interrupt that is raised.
pub const INTERRUPT_AFTER: Word = 1;
