// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64: a call of the gate, the selector in rax.

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
            "mov {}, qword ptr [rip + __crossgate_gate@GOTPCREL]",
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
            "call {gate}",
            gate = in(reg) gate,
            inlateout("rax") selector => status,
            in("rdi") a,
            in("rsi") b,
            inlateout("rdx") c => first,
            inlateout("rcx") d => second,
            clobber_abi("C"),
        );
    }
    Reply { status, words: [first, second] }
}
