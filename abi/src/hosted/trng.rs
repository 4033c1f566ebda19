// SPDX-License-Identifier: MIT OR Apache-2.0
//! A true random number generator, whose source is Linux.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the generator.
pub const MMIO: Mmio = mmio(9);
/// Register. Each read returns a new random word, or 0 if Linux has none.
pub const RANDOM: Word = 0;
