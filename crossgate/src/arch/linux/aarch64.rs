// SPDX-License-Identifier: MIT OR Apache-2.0
//! 64-bit ARM: a call of the gate, the selector in x8.

use crate::arch::reply::Reply;
use core::arch::asm;
use crossgate_abi::Word;

/// Returns the address of the gate, or 0 if there is none.
#[inline]
pub fn address_of_gate() -> usize {
    let address: usize;
    // SAFETY: this only loads the address of a symbol.
    unsafe {
        asm!(
            ".weak __crossgate_gate",
            "adrp {0}, :got:__crossgate_gate",
            "ldr {0}, [{0}, :got_lo12:__crossgate_gate]",
            out(reg) address,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    address
}

/// Makes a system call.
///
/// # Safety
/// `gate` is the address of the gate.
#[inline]
pub unsafe fn enter(gate: usize, selector: Word, words: [Word; 4]) -> Reply {
    let [a, b, c, d] = words;
    let (status, first, second);
    // SAFETY: the gate preserves the same registers as a function. The callee can reach no memory of this process
    // except the memory that the arguments lend.
    unsafe {
        asm!(
            "blr {gate}",
            gate = in(reg) gate,
            in("x8") selector,
            inlateout("x0") a => status,
            inlateout("x1") b => first,
            inlateout("x2") c => second,
            in("x3") d,
            clobber_abi("C"),
        );
    }
    Reply { status, words: [first, second] }
}
