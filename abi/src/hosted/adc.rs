// SPDX-License-Identifier: MIT OR Apache-2.0
//! An analogue to digital converter of 12 bits. Each input is connected to the channel of the PWM generator with the
//! same number, through a filter that passes only the mean voltage.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the converter. Register n: the voltage at input n, from 0 to [`MAX`].
pub const MMIO: Mmio = mmio(12);
/// The number of inputs.
pub const INPUTS: usize = super::pwm::CHANNELS;
/// The value at the reference voltage.
pub const MAX: Word = (1 << 12) - 1;
/// The reference voltage in µV, which is also the voltage of a channel that is on.
pub const REFERENCE: u32 = 3_300_000;
