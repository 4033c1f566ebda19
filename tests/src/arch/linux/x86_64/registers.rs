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
    /// The results of the call.
    pub words: [Word; 2],
    /// The registers that a call must not change. Each of them had its own secret before the call: [`SECRET`] plus its
    /// index here.
    pub preserved: [Word; 6],
    /// The other registers, and the lower halves of the vector registers.
    pub others: [Word; 38],
}

/// Returns all registers except for the stack pointer, and the lower half of each vector register.
#[inline(always)]
#[must_use]
pub fn now() -> [Word; 46] {
    // The array is not zeroed before, because that would take registers.
    let mut registers = MaybeUninit::<[Word; 46]>::uninit();
    // SAFETY: the registers are written to the array that rax points to.
    unsafe {
        asm!(
            "mov [rax], rbx", "mov [rax + 8], rbp", "mov [rax + 16], r12", "mov [rax + 24], r13",
            "mov [rax + 32], r14", "mov [rax + 40], r15", "mov [rax + 48], rdi",
            "mov [rax + 56], rsi", "mov [rax + 64], rdx", "mov [rax + 72], rcx",
            "mov [rax + 80], r8", "mov [rax + 88], r9", "mov [rax + 96], r10",
            "mov [rax + 104], r11",
            "movdqu [rax + 112], xmm0", "movdqu [rax + 128], xmm1", "movdqu [rax + 144], xmm2",
            "movdqu [rax + 160], xmm3", "movdqu [rax + 176], xmm4", "movdqu [rax + 192], xmm5",
            "movdqu [rax + 208], xmm6", "movdqu [rax + 224], xmm7", "movdqu [rax + 240], xmm8",
            "movdqu [rax + 256], xmm9", "movdqu [rax + 272], xmm10", "movdqu [rax + 288], xmm11",
            "movdqu [rax + 304], xmm12", "movdqu [rax + 320], xmm13", "movdqu [rax + 336], xmm14",
            "movdqu [rax + 352], xmm15",
            in("rax") registers.as_mut_ptr(),
            options(nostack),
        );
        registers.assume_init()
    }
}

/// Expands to copies of rbx to every register except for rsp, the arguments, rax and r15; and to the vector registers.
macro_rules! spread {
    () => {
        "mov rbp, rbx
         mov r8, rbx
         mov r9, rbx
         mov r10, rbx
         mov r11, rbx
         mov r12, rbx
         mov r13, rbx
         mov r14, rbx
         movq xmm0, rbx
         punpcklqdq xmm0, xmm0
         movdqa xmm1, xmm0
         movdqa xmm2, xmm0
         movdqa xmm3, xmm0
         movdqa xmm4, xmm0
         movdqa xmm5, xmm0
         movdqa xmm6, xmm0
         movdqa xmm7, xmm0
         movdqa xmm8, xmm0
         movdqa xmm9, xmm0
         movdqa xmm10, xmm0
         movdqa xmm11, xmm0
         movdqa xmm12, xmm0
         movdqa xmm13, xmm0
         movdqa xmm14, xmm0
         movdqa xmm15, xmm0"
    };
}

/// Returns from the current call, with the result [`SECRET`] and that value in all registers.
pub fn leave_secrets() -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "mov rbx, rsi",
            spread!(),
            "mov r15, rbx",
            "mov rcx, rbx",
            "call __crossgate_gate",
            "ud2",
            in("rax") number::system_call(number::RETURN),
            in("rdi") 0,
            in("rsi") SECRET,
            in("rdx") 0,
            options(noreturn),
        )
    }
}

/// Makes a call with the argument words 1, 0, 0 and 0, and a secret in every other register.
#[must_use]
pub fn call_with_secrets(selector: Word) -> After {
    call_with_words_and_secrets(selector, [1, 0, 0, 0])
}

/// Makes a call with these argument words, and a secret in every other register.
#[inline(never)]
#[must_use]
pub fn call_with_words_and_secrets(selector: Word, words: [Word; ARGUMENT_WORDS]) -> After {
    let mut registers = [0; 47];
    let [first, second, third, fourth] = words;
    // SAFETY: the registers that the compiler can't give up are saved by hand. The array is written through its
    // pointer, which is kept on the stack during the call.
    unsafe {
        asm!(
            "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15", "push r8",
            "sub rsp, 8",
            "mov rbx, r9",
            spread!(),
            "lea rbp, [rbx + 1]", "lea r12, [rbx + 2]", "lea r13, [rbx + 3]", "lea r14, [rbx + 4]",
            "lea r15, [rbx + 5]",
            "call __crossgate_gate",
            "add rsp, 8",
            "push rax",
            "mov rax, [rsp + 8]",
            "pop [rax]",
            "mov [rax + 8], rdx", "mov [rax + 16], rcx",
            "mov [rax + 24], rbx", "mov [rax + 32], rbp", "mov [rax + 40], r12",
            "mov [rax + 48], r13", "mov [rax + 56], r14", "mov [rax + 64], r15",
            "mov [rax + 72], rdi", "mov [rax + 80], rsi", "mov [rax + 88], r8",
            "mov [rax + 96], r9", "mov [rax + 104], r10", "mov [rax + 112], r11",
            "movdqu [rax + 120], xmm0", "movdqu [rax + 136], xmm1", "movdqu [rax + 152], xmm2",
            "movdqu [rax + 168], xmm3", "movdqu [rax + 184], xmm4", "movdqu [rax + 200], xmm5",
            "movdqu [rax + 216], xmm6", "movdqu [rax + 232], xmm7", "movdqu [rax + 248], xmm8",
            "movdqu [rax + 264], xmm9", "movdqu [rax + 280], xmm10", "movdqu [rax + 296], xmm11",
            "movdqu [rax + 312], xmm12", "movdqu [rax + 328], xmm13", "movdqu [rax + 344], xmm14",
            "movdqu [rax + 360], xmm15",
            "pop r8", "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
            inlateout("rdi") first => _,
            inlateout("rsi") second => _,
            inlateout("rdx") third => _,
            inlateout("rcx") fourth => _,
            inlateout("r8") registers.as_mut_ptr() => _,
            inlateout("r9") SECRET => _,
            inlateout("rax") selector => _,
            clobber_abi("C"),
        );
    }
    let [status, first, second, rbx, rbp, r12, r13, r14, r15, others @ ..] = registers;
    let preserved = [rbx, rbp, r12, r13, r14, r15];
    After { status: Status(status), words: [first, second], preserved, others }
}

/// Calls a function with a secret in every register except for that of its argument (and rax, which is not one of a
/// call's registers).
#[inline(never)]
pub fn with_secrets<T>(function: extern "C" fn(&T), argument: &T) {
    // SAFETY: the function is called as in C; the registers that have to be preserved are saved by hand.
    unsafe {
        asm!(
            "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
            "mov rbx, rsi",
            spread!(),
            "mov r15, rbx", "mov rdx, rbx", "mov rcx, rbx",
            "call rax",
            "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
            in("rdi") core::ptr::from_ref(argument),
            in("rsi") SECRET,
            in("rax") function,
            clobber_abi("C"),
        );
    }
}
