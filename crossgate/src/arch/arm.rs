// SPDX-License-Identifier: MIT OR Apache-2.0
//! ARM Cortex-M: `svc 0`, the selector in r12.

use super::reply::Reply;
use core::arch::asm;
use crossgate_abi::table::RawReply;
use crossgate_abi::{Word, number};

/// Expands to `svc 0` with these operands for r0 to r3.
#[cfg(not(baseline))]
macro_rules! supervisor_call {
    ($selector:expr, $($operands:tt)*) => {
        asm!("svc 0", inlateout("r12") $selector => _, $($operands)*, options(nostack))
    };
}

/// The same for ARMv6-M and ARMv8-M Baseline, for which the compiler can't put a value into r12.
#[cfg(baseline)]
macro_rules! supervisor_call {
    ($selector:expr, $($operands:tt)*) => {
        asm!(
            "mov r12, {selector}",
            "svc 0",
            selector = in(reg) $selector,
            $($operands)*,
            out("r12") _,
            options(nostack)
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
    // SAFETY: the kernel restores all other registers. The callee can reach no memory of this process except the memory
    // that the arguments lend.
    unsafe {
        supervisor_call!(
            selector,
            inlateout("r0") word(0) => status,
            inlateout("r1") word(1) => first,
            inlateout("r2") word(2) => second,
            inlateout("r3") word(3) => _
        );
    }
    Reply { status, words: [first, second] }
}

/// Makes any other system call. Registers without an argument are not cleared, because the kernel can read all
/// registers anyway.
#[inline(always)]
pub fn system_call<const N: usize>(number: Word, words: [Word; N]) -> Reply {
    const { assert!(N <= 4, "no system call has more arguments") }
    let word = |index: usize| if index < N { words[index] } else { 0 };
    let [a, b, c, d] = [word(0), word(1), word(2), word(3)];
    let selector = number::system_call(number);
    let (status, first, second);
    // SAFETY: the kernel restores all other registers. It changes memory of this process only as the system call
    // describes.
    unsafe {
        match N {
            0 => {
                supervisor_call!(selector, lateout("r0") status, lateout("r1") first, lateout("r2") second, lateout("r3") _)
            }
            1 => {
                supervisor_call!(selector, inlateout("r0") a => status, lateout("r1") first, lateout("r2") second, lateout("r3") _)
            }
            2 => {
                supervisor_call!(selector, inlateout("r0") a => status, inlateout("r1") b => first, lateout("r2") second, lateout("r3") _)
            }
            3 => {
                supervisor_call!(selector, inlateout("r0") a => status, inlateout("r1") b => first, inlateout("r2") c => second, lateout("r3") _)
            }
            _ => {
                supervisor_call!(selector, inlateout("r0") a => status, inlateout("r1") b => first, inlateout("r2") c => second, inlateout("r3") d => _)
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
        #[cfg(not(baseline))]
        asm!(
            "svc 0",
            in("r12") number::system_call(number::RETURN),
            in("r0") status,
            in("r1") words[0],
            in("r2") words[1],
            options(noreturn, nostack),
        );
        #[cfg(baseline)]
        asm!(
            "mov r12, {selector}",
            "svc 0",
            selector = in(reg) number::system_call(number::RETURN),
            in("r0") status,
            in("r1") words[0],
            in("r2") words[1],
            options(noreturn, nostack),
        );
    }
}

/// Returns the stack pointer.
#[inline(always)]
pub fn stack_pointer() -> Word {
    let pointer;
    // SAFETY: the instruction only reads a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
