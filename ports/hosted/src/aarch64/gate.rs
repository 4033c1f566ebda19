// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of the gate by the port's own code in user mode.

use crossgate_abi::number;

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
}

/// Makes a system call of the port's own code in user mode.
pub fn system_call(number: usize, words: [usize; 3]) -> [usize; 2] {
    let [first, second, third] = words;
    let (status, word);
    // SAFETY: the gate preserves the registers that a function preserves.
    unsafe {
        core::arch::asm!(
            "bl {gate}",
            gate = sym __crossgate_gate,
            in("x8") number::system_call(number),
            inlateout("x0") first => status,
            inlateout("x1") second => word,
            in("x2") third,
            clobber_abi("C"),
        );
    }
    [status, word]
}
