// SPDX-License-Identifier: MIT OR Apache-2.0
//! A NOR flash. If the option `--flash` names a file, the flash keeps its bytes when the program ends.
//!
//! | to ... | the driver writes | and reads |
//! |---|---|---|
//! | read the word at a place, and go on to the next one | [`PLACE`] | [`DATA`], for each word |
//! | write the word at a place, and go on to the next one | [`PLACE`], [`DATA`] for each word | [`STATUS`] |
//! | erase the page of a place | [`PLACE`], [`ERASE`] | [`STATUS`] |
//!
//! A write can change bits only to 0. Erasing a page changes all its bits to 1. An operation takes no time.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the flash.
pub const MMIO: Mmio = mmio(13);
/// The number of bytes.
pub const SIZE: usize = 0x1_0000;
/// The number of bytes of a page, the unit of an erase.
pub const PAGE: usize = 1024;
/// The number of bytes of a word, the unit of a write.
pub const WORD: usize = 4;

/// Register. The place of the next operation, in bytes; a multiple of [`WORD`].
pub const PLACE: Word = 0;
/// Register. A read returns the word at the place, with the first byte in the lowest bits. A write writes the word.
pub const DATA: Word = 1;
/// Register. Writing any value erases the page.
pub const ERASE: Word = 2;
/// Register. 0, or [`FAILED`] if an operation has failed since the register was read last: the place is not in the
/// flash, a bit would have to become 1, or the power was cut.
pub const STATUS: Word = 3;
/// Value of [`STATUS`].
pub const FAILED: Word = 1;
