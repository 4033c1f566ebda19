// SPDX-License-Identifier: MIT OR Apache-2.0
//! A NOR flash. Its bytes outlive the program, if the option `--flash` names a file.
//!
//! | to ... | the driver writes | and reads |
//! |---|---|---|
//! | read the word at a place, and go on to the next one | [`PLACE`] | [`DATA`], for each word |
//! | write the word at a place, and go on to the next one | [`PLACE`], [`DATA`] for each word | [`STATUS`] |
//! | erase the page of a place | [`PLACE`], [`ERASE`] | [`STATUS`] |
//!
//! A write can change bits to 0 only; erasing a page changes all its bits to 1. An operation takes no time.

use super::{Mmio, mmio};
use crate::Word;

/// The range of the flash.
pub const MMIO: Mmio = mmio(13);
/// The number of bytes.
pub const SIZE: usize = 0x1_0000;
/// The number of bytes of a page, which is erased at once.
pub const PAGE: usize = 1024;
/// The number of bytes that are written at once.
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
