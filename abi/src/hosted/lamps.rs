// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lamps.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the lamps.
pub const MMIO: Mmio = mmio(6);
/// The number of lamps.
pub const COUNT: usize = 8;
/// Register. Bit n: lamp n is on.
pub const ON: Word = 0;
