// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of the emulated board that no firmware uses. A reset does not change it.

/// True if the image of the board is the AN505, whose devices have addresses of the Secure state.
const IS_AN505: bool = board::UART0.start >> 28 == 5;

/// The start of the PSRAM of the MPS2, 16 MiB.
pub const START: usize = if IS_AN505 { 0x8000_0000 } else { 0x2100_0000 };
/// The start of memory in the RAM past the memory of firmware, at least 128 KiB.
pub const RAM: usize = if IS_AN505 { 0x3810_0000 } else { 0x2010_0000 };
