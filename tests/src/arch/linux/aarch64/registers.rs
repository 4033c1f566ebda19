// SPDX-License-Identifier: MIT OR Apache-2.0
//! All registers before and after a call.

use core::arch::asm;
use core::mem::MaybeUninit;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word, number};

/// The upper part of every secret.
pub const SECRET: Word = 0x5ec2_e7a5_5ec2_0000;

/// Registers after a call.
#[derive(Debug)]
pub struct After {
    /// The status with which the call ended.
    pub status: Status,
    /// Its results.
    pub words: [Word; 2],
    /// The registers that a call must not change, x19 to x29 and d8 to d15: each had its own secret, [`SECRET`] and its
    /// index here.
    pub preserved: [Word; 19],
    /// The others: x3 to x18, and the vector registers without d8 to d15.
    pub others: [Word; 72],
}

/// Returns all registers except for x0 and the stack pointer: x1 to x30, and the vector registers.
#[inline(always)]
#[must_use]
pub fn now() -> [Word; 94] {
    // The array is not zeroed before, because that would take registers.
    let mut registers = MaybeUninit::<[Word; 94]>::uninit();
    // SAFETY: the registers are written to the array that x0 points to.
    unsafe {
        asm!(
            "stp x1, x2, [x0, #0]", "stp x3, x4, [x0, #16]", "stp x5, x6, [x0, #32]",
            "stp x7, x8, [x0, #48]", "stp x9, x10, [x0, #64]", "stp x11, x12, [x0, #80]",
            "stp x13, x14, [x0, #96]", "stp x15, x16, [x0, #112]", "stp x17, x18, [x0, #128]",
            "stp x19, x20, [x0, #144]", "stp x21, x22, [x0, #160]", "stp x23, x24, [x0, #176]",
            "stp x25, x26, [x0, #192]", "stp x27, x28, [x0, #208]", "stp x29, x30, [x0, #224]",
            "stp q0, q1, [x0, #240]",
            "stp q2, q3, [x0, #272]",
            "stp q4, q5, [x0, #304]",
            "stp q6, q7, [x0, #336]",
            "stp q8, q9, [x0, #368]",
            "stp q10, q11, [x0, #400]",
            "stp q12, q13, [x0, #432]",
            "stp q14, q15, [x0, #464]",
            "stp q16, q17, [x0, #496]",
            "stp q18, q19, [x0, #528]",
            "stp q20, q21, [x0, #560]",
            "stp q22, q23, [x0, #592]",
            "stp q24, q25, [x0, #624]",
            "stp q26, q27, [x0, #656]",
            "stp q28, q29, [x0, #688]",
            "stp q30, q31, [x0, #720]",
            in("x0") registers.as_mut_ptr(),
            options(nostack),
        );
        registers.assume_init()
    }
}

/// Expands to copies of x10 to every register except for sp, the arguments and x8; and to the vector registers.
macro_rules! spread {
    () => {
        "mov x4, x10
         mov x5, x10
         mov x6, x10
         mov x7, x10
         mov x9, x10
         mov x11, x10
         mov x12, x10
         mov x13, x10
         mov x14, x10
         mov x15, x10
         mov x16, x10
         mov x17, x10
         mov x18, x10
         mov x19, x10
         mov x20, x10
         mov x21, x10
         mov x22, x10
         mov x23, x10
         mov x24, x10
         mov x25, x10
         mov x26, x10
         mov x27, x10
         mov x28, x10
         mov x29, x10
         mov x30, x10
         dup v0.2d, x10
         dup v1.2d, x10
         dup v2.2d, x10
         dup v3.2d, x10
         dup v4.2d, x10
         dup v5.2d, x10
         dup v6.2d, x10
         dup v7.2d, x10
         dup v8.2d, x10
         dup v9.2d, x10
         dup v10.2d, x10
         dup v11.2d, x10
         dup v12.2d, x10
         dup v13.2d, x10
         dup v14.2d, x10
         dup v15.2d, x10
         dup v16.2d, x10
         dup v17.2d, x10
         dup v18.2d, x10
         dup v19.2d, x10
         dup v20.2d, x10
         dup v21.2d, x10
         dup v22.2d, x10
         dup v23.2d, x10
         dup v24.2d, x10
         dup v25.2d, x10
         dup v26.2d, x10
         dup v27.2d, x10
         dup v28.2d, x10
         dup v29.2d, x10
         dup v30.2d, x10
         dup v31.2d, x10"
    };
}

/// Returns from the current call, with the result [`SECRET`] and that value in all registers.
pub fn leave_secrets() -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "mov x10, x1",
            spread!(),
            "mov x3, x1",
            "bl __crossgate_gate",
            "udf #0",
            in("x8") number::system_call(number::RETURN),
            in("x0") 0,
            in("x1") SECRET,
            in("x2") 0,
            options(noreturn),
        )
    }
}

/// Makes a call with the argument words 1, 0, 0 and 0, and a secret in every other register.
#[must_use]
pub fn call_with_secrets(selector: Word) -> After {
    call_with_words_and_secrets(selector, [1, 0, 0, 0])
}

/// Expands to the pushes of the registers that a function preserves, and of x18; and to the pops.
macro_rules! push {
    () => {
        "sub sp, sp, #112
         stp x18, x19, [sp]
         stp x20, x21, [sp, #16]
         stp x22, x23, [sp, #32]
         stp x24, x25, [sp, #48]
         stp x26, x27, [sp, #64]
         stp x28, x29, [sp, #80]
         str x9, [sp, #96]"
    };
}
macro_rules! pop {
    () => {
        "ldp x18, x19, [sp]
         ldp x20, x21, [sp, #16]
         ldp x22, x23, [sp, #32]
         ldp x24, x25, [sp, #48]
         ldp x26, x27, [sp, #64]
         ldp x28, x29, [sp, #80]
         add sp, sp, #112"
    };
}

/// Makes a call with these argument words, and a secret in every other register.
#[inline(never)]
#[must_use]
pub fn call_with_words_and_secrets(selector: Word, words: [Word; ARGUMENT_WORDS]) -> After {
    let mut registers = [0; 30 + 64];
    let [first, second, third, fourth] = words;
    // SAFETY: the registers that the compiler can't give up are saved by hand. The array is written through its
    // pointer, which is kept on the stack during the call.
    unsafe {
        asm!(
            push!(),
            spread!(),
            "add x20, x10, #1", "add x21, x10, #2", "add x22, x10, #3", "add x23, x10, #4", "add x24, x10, #5", "add x25, x10, #6", "add x26, x10, #7", "add x27, x10, #8", "add x28, x10, #9", "add x29, x10, #10",
            "add x30, x10, #11", "mov v8.d[0], x30", "add x30, x10, #12", "mov v9.d[0], x30", "add x30, x10, #13", "mov v10.d[0], x30", "add x30, x10, #14", "mov v11.d[0], x30", "add x30, x10, #15", "mov v12.d[0], x30", "add x30, x10, #16", "mov v13.d[0], x30", "add x30, x10, #17", "mov v14.d[0], x30", "add x30, x10, #18", "mov v15.d[0], x30",
            "bl __crossgate_gate",
            "ldr x30, [sp, #96]",
            "stp x0, x1, [x30, #0]", "stp x2, x3, [x30, #16]", "stp x4, x5, [x30, #32]", "stp x6, x7, [x30, #48]", "stp x8, x9, [x30, #64]", "stp x10, x11, [x30, #80]", "stp x12, x13, [x30, #96]", "stp x14, x15, [x30, #112]", "stp x16, x17, [x30, #128]", "stp x18, x19, [x30, #144]", "stp x20, x21, [x30, #160]", "stp x22, x23, [x30, #176]", "stp x24, x25, [x30, #192]", "stp x26, x27, [x30, #208]", "stp x28, x29, [x30, #224]",
            "stp q0, q1, [x30, #240]",
            "stp q2, q3, [x30, #272]",
            "stp q4, q5, [x30, #304]",
            "stp q6, q7, [x30, #336]",
            "stp q8, q9, [x30, #368]",
            "stp q10, q11, [x30, #400]",
            "stp q12, q13, [x30, #432]",
            "stp q14, q15, [x30, #464]",
            "stp q16, q17, [x30, #496]",
            "stp q18, q19, [x30, #528]",
            "stp q20, q21, [x30, #560]",
            "stp q22, q23, [x30, #592]",
            "stp q24, q25, [x30, #624]",
            "stp q26, q27, [x30, #656]",
            "stp q28, q29, [x30, #688]",
            "stp q30, q31, [x30, #720]",
            pop!(),
            inlateout("x0") first => _,
            inlateout("x1") second => _,
            inlateout("x2") third => _,
            inlateout("x3") fourth => _,
            inlateout("x8") selector => _,
            inlateout("x9") registers.as_mut_ptr() => _,
            inlateout("x10") SECRET => _,
            clobber_abi("C"),
        );
    }
    let [status, first, second, rest @ ..] = registers;
    let (free, rest) = rest.split_at(16);
    let (kept, vectors) = rest.split_at(11);
    let kept_vectors = (0..8).map(|index| vectors[16 + 2 * index]);
    let mut preserved = kept.iter().copied().chain(kept_vectors);
    let is_kept = |index: &usize| (16..32).contains(index) && index.is_multiple_of(2);
    let free_vectors = (0..64).filter(|index| !is_kept(index)).map(|index| vectors[index]);
    let mut others = free.iter().copied().chain(free_vectors);
    After {
        status: Status(status),
        words: [first, second],
        preserved: core::array::from_fn(|_| preserved.next().unwrap_or(0)),
        others: core::array::from_fn(|_| others.next().unwrap_or(SECRET)),
    }
}

/// Calls a function with a secret in every register except for that of its argument.
#[inline(never)]
pub fn with_secrets<T>(function: extern "C" fn(&T), argument: &T) {
    // SAFETY: the function is called as in C; the registers that have to be preserved are saved by hand.
    unsafe {
        asm!(
            push!(),
            spread!(),
            "mov x1, x10", "mov x2, x10", "mov x3, x10",
            "blr x8",
            pop!(),
            in("x0") core::ptr::from_ref(argument),
            in("x8") function,
            in("x10") SECRET,
            clobber_abi("C"),
        );
    }
}
