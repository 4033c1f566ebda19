// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PWM generator.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the generator.
pub const MMIO: Mmio = mmio(11);
/// The number of channels. Register n: the duty cycle of channel n, at most [`MAX`].
pub const CHANNELS: usize = 4;
/// The duty cycle at which a channel is always on.
pub const MAX: Word = 1000;
