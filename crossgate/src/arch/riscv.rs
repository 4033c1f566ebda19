// SPDX-License-Identifier: MIT OR Apache-2.0
//! RISC-V: `ecall`, the selector in a4.

use super::reply::Reply;
use core::arch::asm;
use crossgate_abi::table::RawReply;
use crossgate_abi::{Word, number};

/// Expands to `ecall` with these operands for a0 to a3. The registers that a function may change are changed.
macro_rules! environment_call {
    ($selector:expr, $($operands:tt)*) => {
        asm!(
            "ecall",
            inlateout("a4") $selector => _,
            $($operands)*,
            lateout("ra") _,
            lateout("t0") _, lateout("t1") _, lateout("t2") _, lateout("t3") _, lateout("t4") _, lateout("t5") _,
            lateout("t6") _, lateout("a5") _, lateout("a6") _, lateout("a7") _,
            options(nostack),
        )
    };
}

/// Calls a method with the first `count` words; the compiler knows `count`. The other registers are cleared, so that
/// the callee does not see their contents.
#[inline(always)]
#[must_use]
pub fn call(selector: Word, words: [Word; 4], count: usize) -> Reply {
    let word = |index: usize| if index < count { words[index] } else { 0 };
    let (status, first, second);
    // SAFETY: the kernel restores all other registers, and lets the callee reach no memory of this process but what the
    // arguments lend.
    unsafe {
        environment_call!(
            selector,
            inlateout("a0") word(0) => status,
            inlateout("a1") word(1) => first,
            inlateout("a2") word(2) => second,
            inlateout("a3") word(3) => _
        );
    }
    Reply { status, words: [first, second] }
}

/// Makes any other system call. Registers without an argument keep their contents, because the kernel can see all of
/// them anyway.
#[inline(always)]
pub fn system_call<const N: usize>(number: Word, words: [Word; N]) -> Reply {
    const { assert!(N <= 4, "no system call has more arguments") }
    let word = |index: usize| if index < N { words[index] } else { 0 };
    let [a, b, c, d] = [word(0), word(1), word(2), word(3)];
    let selector = number::system_call(number);
    let (status, first, second);
    // SAFETY: the kernel restores all other registers, and does with the memory of this process only what the system
    // call is for.
    unsafe {
        match N {
            0 => {
                environment_call!(selector, lateout("a0") status, lateout("a1") first, lateout("a2") second, lateout("a3") _)
            }
            1 => {
                environment_call!(selector, inlateout("a0") a => status, lateout("a1") first, lateout("a2") second, lateout("a3") _)
            }
            2 => {
                environment_call!(selector, inlateout("a0") a => status, inlateout("a1") b => first, lateout("a2") second, lateout("a3") _)
            }
            3 => {
                environment_call!(selector, inlateout("a0") a => status, inlateout("a1") b => first, inlateout("a2") c => second, lateout("a3") _)
            }
            _ => {
                environment_call!(selector, inlateout("a0") a => status, inlateout("a1") b => first, inlateout("a2") c => second, inlateout("a3") d => _)
            }
        }
    }
    Reply { status, words: [first, second] }
}

/// Leaves the method that the kernel entered.
#[inline(always)]
pub fn leave(status: Word, words: [Word; 2]) -> RawReply {
    // SAFETY: the kernel does not return from this system call.
    unsafe {
        asm!(
            "ecall",
            in("a4") number::system_call(number::RETURN),
            in("a0") status,
            in("a1") words[0],
            in("a2") words[1],
            options(noreturn, nostack),
        )
    }
}

/// Returns the stack pointer.
#[inline(always)]
pub fn stack_pointer() -> Word {
    let pointer;
    // SAFETY: the instruction only reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
