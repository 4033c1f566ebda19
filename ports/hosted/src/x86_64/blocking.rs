// SPDX-License-Identifier: MIT OR Apache-2.0
//! The means to refuse system calls of Linux to user code.

use crate::linux::failed;
use crate::registers::{RESTORE_LENGTH, restore};
use crate::words::MODE;
use core::ffi::c_int;

/// Makes Linux refuse its system calls to user code: such a call raises a signal. System calls of the kernel still
/// work.
///
/// # Errors
/// If Linux cannot do it (before version 5.11).
pub fn block_system_calls() -> Result<(), String> {
    const SET_DISPATCH: c_int = 59;
    const ON: c_int = 1;
    let selector = MODE.as_ptr().cast::<u8>().wrapping_add(1);
    // SAFETY: Linux only reads the selector, which is a static. Only the code to which signal handlers return is
    // exempt, by these addresses.
    let result = unsafe {
        let allowed = restore as *const () as usize;
        libc::prctl(SET_DISPATCH, ON, allowed, RESTORE_LENGTH, selector)
    };
    if result == 0 { Ok(()) } else { Err(failed("system calls cannot be blocked")) }
}
