// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of the emulated board that no firmware uses. A reset does not change it.

/// True if the devices of the board have addresses of the Secure state: those of the AN505, AN521 and AN547.
const IS_SECURE: bool = board::UART0.start >> 28 == 5;
/// True if the image of the board is the AN547.
const IS_AN547: bool = board::UART0.start == 0x5930_3000;

/// The start of 16 MiB: the PSRAM of the MPS2, or a part of the DDR of the MPS3.
pub const START: usize = if IS_SECURE { 0x8000_0000 } else { 0x2100_0000 };
/// The start of memory in the RAM past the memory of firmware, at least 128 KiB. On the AN547 this is another RAM.
pub const RAM: usize = match (IS_AN547, IS_SECURE) {
    (true, _) => 0x3100_0000,
    (false, true) => 0x3810_0000,
    (false, false) => 0x2010_0000,
};
