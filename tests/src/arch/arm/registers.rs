// SPDX-License-Identifier: MIT OR Apache-2.0
//! All registers before and after a call.

use core::arch::asm;
use core::mem::MaybeUninit;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word, number};

/// The upper half of every secret.
pub const SECRET: Word = 0x5ec2_0000;

/// Registers after a call.
#[derive(Debug)]
pub struct After {
    /// The status with which the call ended.
    pub status: Status,
    /// The results of the call.
    pub words: [Word; 2],
    /// The registers that a call must not change. Each of them had its own secret before the call: [`SECRET`] plus its
    /// index here.
    pub preserved: [Word; 8],
    /// The other registers.
    pub others: [Word; 3],
}

/// Returns all registers except for the stack pointer.
#[inline(always)]
#[must_use]
pub fn now() -> [Word; 13] {
    // The array is not zeroed before, because that would take registers.
    let mut registers = MaybeUninit::<[Word; 13]>::uninit();
    // SAFETY: the registers are written to the array that r0 points to.
    unsafe {
        asm!(
            "stmia r0!, {{r1-r7}}",
            "mov r1, r8", "mov r2, r9", "mov r3, r10",
            "stmia r0!, {{r1-r3}}",
            "mov r1, r11", "mov r2, r12", "mov r3, lr",
            "stmia r0!, {{r1-r3}}",
            inout("r0") registers.as_mut_ptr() => _,
            out("r1") _,
            out("r2") _,
            out("r3") _,
            options(nostack),
        );
        registers.assume_init()
    }
}

/// Returns from the current call, with the result [`SECRET`] and that value in all registers.
pub fn leave_secrets() -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "mov r12, r3",
            "mov r3, r1", "mov r4, r1", "mov r5, r1", "mov r6, r1", "mov r7, r1",
            "mov r8, r1", "mov r9, r1", "mov r10, r1", "mov r11, r1", "mov lr, r1",
            "cmp r1, r1",
            "svc 0",
            "udf #0",
            in("r0") 0,
            in("r1") SECRET,
            in("r2") 0,
            in("r3") number::system_call(number::RETURN),
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
    let mut registers = [0; 14];
    let [first, second, third, fourth] = words;
    // SAFETY: r7 and r11 may be reserved by the compiler, so all registers that have to be preserved are saved by hand.
    // The array is written through its pointer, which is kept on the stack during the call.
    unsafe {
        asm!(
            "push {{r4-r7, lr}}",
            "mov r12, r4",
            "mov r4, r8", "mov r6, r9",
            "push {{r4, r6}}",
            "mov r4, r10", "mov r6, r11",
            "push {{r4, r6}}",
            "push {{r5}}",
            "movs r4, #0x5e", "lsls r4, #8", "adds r4, #0xc2", "lsls r4, #16",
            "adds r5, r4, #4", "mov r8, r5",
            "adds r5, #1", "mov r9, r5",
            "adds r5, #1", "mov r10, r5",
            "adds r5, #1", "mov r11, r5",
            "adds r5, #7", "mov lr, r5",
            "adds r5, r4, #1", "adds r6, r4, #2", "adds r7, r4, #3",
            "svc 0",
            "push {{r0}}",
            "ldr r0, [sp, #4]",
            "adds r0, #4",
            "stmia r0!, {{r1-r7}}",
            "mov r1, r8", "mov r2, r9", "mov r3, r10",
            "stmia r0!, {{r1-r3}}",
            "mov r1, r11", "mov r2, r12", "mov r3, lr",
            "stmia r0!, {{r1-r3}}",
            "pop {{r1, r2}}",
            "str r1, [r2]",
            "pop {{r1-r4}}",
            "mov r10, r1", "mov r11, r2", "mov r8, r3", "mov r9, r4",
            "pop {{r4-r7}}",
            "pop {{r1}}",
            "mov lr, r1",
            inlateout("r0") first => _,
            inlateout("r1") second => _,
            inlateout("r2") third => _,
            inlateout("r3") fourth => _,
            in("r4") selector,
            in("r5") registers.as_mut_ptr(),
            out("r12") _,
        );
    }
    let [status, first, second, r3, preserved @ .., r12, lr] = registers;
    After { status: Status(status), words: [first, second], preserved, others: [r3, r12, lr] }
}

/// Calls a function with a secret in every register except for that of its argument.
pub fn with_secrets<T>(function: extern "C" fn(&T), argument: &T) {
    /// The function is called as in C; the registers that have to be preserved are saved here.
    #[unsafe(naked)]
    unsafe extern "C" fn call(argument: *const (), function: usize) {
        core::arch::naked_asm!(
            "push {{r4-r7, lr}}",
            "mov r4, r8",
            "mov r5, r9",
            "mov r6, r10",
            "mov r7, r11",
            "push {{r4-r7}}",
            "sub sp, #4",
            "mov r12, r1",
            "movs r4, #0x5e",
            "lsls r4, #8",
            "adds r4, #0xc2",
            "lsls r4, #16",
            "mov r5, r4",
            "mov r6, r4",
            "mov r7, r4",
            "mov r8, r4",
            "mov r9, r4",
            "mov r10, r4",
            "mov r11, r4",
            "mov r1, r4",
            "mov r2, r4",
            "mov r3, r4",
            "blx r12",
            "add sp, #4",
            "pop {{r4-r7}}",
            "mov r8, r4",
            "mov r9, r5",
            "mov r10, r6",
            "mov r11, r7",
            "pop {{r4-r7, pc}}",
        )
    }
    // SAFETY: the function takes such an argument.
    unsafe { call(core::ptr::from_ref(argument).cast(), function as *const () as usize) };
}
