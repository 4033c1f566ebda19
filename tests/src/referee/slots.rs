// SPDX-License-Identifier: MIT OR Apache-2.0
//! The addresses of the memory of the referee, and the slots in it, each of which keeps a state of the firmware.

/// The greatest size of the memory of a firmware, in bytes.
pub const SLOT: usize = 0x1_0000;

/// The start of the memory.
pub const START: usize = crate::arch::further_memory::START;
/// The start of the slots.
pub const SLOTS: usize = START + 0x2_0000;
/// The number of states that can be kept.
pub const SLOT_COUNT: usize = 8;
/// The start of the rest of the memory. The firmware decides how to use it.
pub const REST: usize = SLOTS + SLOT_COUNT * SLOT;
/// The end of the memory.
pub const END: usize = START + 0x100_0000;

/// The slots of the states of a comparison: the state before, ...
pub const BEFORE: usize = 0;
/// ... and the state after the fast path.
pub const AFTER_FAST: usize = 1;
/// The first slot that is free for other uses.
pub const FREE_SLOT: usize = 2;

/// Returns the words in which a state is kept.
pub fn slot(index: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(SLOTS + index % SLOT_COUNT * SLOT)
}
