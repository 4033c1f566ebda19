// SPDX-License-Identifier: MIT OR Apache-2.0
//! A copy of words.

/// Copies words.
///
/// # Safety
/// As for [`core::ptr::copy_nonoverlapping`].
pub unsafe fn copy(from: *const u32, to: *mut u32, words: usize) {
    // SAFETY: as the caller promises.
    unsafe { to.copy_from_nonoverlapping(from, words) };
}
