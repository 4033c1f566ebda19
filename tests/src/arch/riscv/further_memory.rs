// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of the emulated board that no firmware uses: the machine `virt` has 128 MiB.

/// The start of 16 MiB.
pub const START: usize = 0x8100_0000;
/// The start of 128 KiB.
pub const RAM: usize = 0x8020_0000;
