// SPDX-License-Identifier: MIT OR Apache-2.0
//! All registers before and after a call.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word, number};

/// The upper half of every secret.
pub const SECRET: Word = 0x5ec2_0000;

/// Registers after a call.
#[derive(Debug)]
#[repr(C)]
pub struct After {
    /// The status with which the call ended.
    pub status: Status,
    /// The results of the call.
    pub words: [Word; 2],
    /// The registers that a call must not change, including gp and tp. Each of them had its own secret before the call:
    /// [`SECRET`] plus its index here.
    pub preserved: [Word; 14],
    /// The other registers.
    pub others: [Word; 13],
}

/// Returns all registers except for the stack pointer and a0, which contains the object of a method.
#[inline(always)]
#[must_use]
pub fn now() -> [Word; 29] {
    // The array is not zeroed before, because that would take registers.
    let mut registers = MaybeUninit::<[Word; 29]>::uninit();
    // SAFETY: the registers are written to the array that a0 points to.
    unsafe {
        asm!(
            "sw ra, 0(a0)",
            "sw gp, 4(a0)",
            "sw tp, 8(a0)",
            "sw t0, 12(a0)",
            "sw t1, 16(a0)",
            "sw t2, 20(a0)",
            "sw s0, 24(a0)",
            "sw s1, 28(a0)",
            "sw a1, 32(a0)",
            "sw a2, 36(a0)",
            "sw a3, 40(a0)",
            "sw a4, 44(a0)",
            "sw a5, 48(a0)",
            "sw a6, 52(a0)",
            "sw a7, 56(a0)",
            "sw s2, 60(a0)",
            "sw s3, 64(a0)",
            "sw s4, 68(a0)",
            "sw s5, 72(a0)",
            "sw s6, 76(a0)",
            "sw s7, 80(a0)",
            "sw s8, 84(a0)",
            "sw s9, 88(a0)",
            "sw s10, 92(a0)",
            "sw s11, 96(a0)",
            "sw t3, 100(a0)",
            "sw t4, 104(a0)",
            "sw t5, 108(a0)",
            "sw t6, 112(a0)",
            in("a0") registers.as_mut_ptr(),
            options(nostack),
        );
        registers.assume_init()
    }
}

/// Sets all registers but sp, a0, a1 and a4 to the value of a1.
macro_rules! fill {
    () => {
        "mv ra, a1
         mv gp, a1
         mv tp, a1
         mv t0, a1
         mv t1, a1
         mv t2, a1
         mv s0, a1
         mv s1, a1
         mv a2, a1
         mv a3, a1
         mv a5, a1
         mv a6, a1
         mv a7, a1
         mv s2, a1
         mv s3, a1
         mv s4, a1
         mv s5, a1
         mv s6, a1
         mv s7, a1
         mv s8, a1
         mv s9, a1
         mv s10, a1
         mv s11, a1
         mv t3, a1
         mv t4, a1
         mv t5, a1
         mv t6, a1"
    };
}

/// Saves the registers that a function preserves, and ra and the first two arguments, on the stack.
macro_rules! save {
    () => {
        "addi sp, sp, -80
         sw s0, 0(sp)
         sw s1, 4(sp)
         sw s2, 8(sp)
         sw s3, 12(sp)
         sw s4, 16(sp)
         sw s5, 20(sp)
         sw s6, 24(sp)
         sw s7, 28(sp)
         sw s8, 32(sp)
         sw s9, 36(sp)
         sw s10, 40(sp)
         sw s11, 44(sp)
         sw gp, 48(sp)
         sw tp, 52(sp)
         sw ra, 56(sp)
         sw a2, 60(sp)"
    };
}

/// Restores these registers, and returns.
macro_rules! restore {
    () => {
        "lw s0, 0(sp)
         lw s1, 4(sp)
         lw s2, 8(sp)
         lw s3, 12(sp)
         lw s4, 16(sp)
         lw s5, 20(sp)
         lw s6, 24(sp)
         lw s7, 28(sp)
         lw s8, 32(sp)
         lw s9, 36(sp)
         lw s10, 40(sp)
         lw s11, 44(sp)
         lw gp, 48(sp)
         lw tp, 52(sp)
         lw ra, 56(sp)
         addi sp, sp, 80
         ret"
    };
}

/// Returns from the current call, with the result [`SECRET`] and that value in all registers.
pub fn leave_secrets() -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            fill!(),
            "li a2, 0",
            "ecall",
            "unimp",
            in("a0") 0,
            in("a1") SECRET,
            in("a4") number::system_call(number::RETURN),
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
#[must_use]
pub fn call_with_words_and_secrets(selector: Word, words: [Word; ARGUMENT_WORDS]) -> After {
    /// Gets the selector in a0, the words in a1 and the result in a2.
    #[unsafe(naked)]
    unsafe extern "C" fn call(selector: Word, words: *const Word, after: *mut After) {
        naked_asm!(
            save!(),
            "mv a4, a0",
            "sw a1, 64(sp)",
            "lui a1, 0x5ec20",
            "addi a1, a1, 0x100",
            fill!(),
            "lui a1, 0x5ec20",
            "mv s0, a1",
            "addi s1, a1, 1",
            "addi s2, a1, 2",
            "addi s3, a1, 3",
            "addi s4, a1, 4",
            "addi s5, a1, 5",
            "addi s6, a1, 6",
            "addi s7, a1, 7",
            "addi s8, a1, 8",
            "addi s9, a1, 9",
            "addi s10, a1, 10",
            "addi s11, a1, 11",
            "addi gp, a1, 12",
            "addi tp, a1, 13",
            "lw a0, 64(sp)",
            "lw a1, 4(a0)",
            "lw a2, 8(a0)",
            "lw a3, 12(a0)",
            "lw a0, 0(a0)",
            "ecall",
            // The result's address is needed in a register; a0 is kept on the stack meanwhile.
            "sw a0, 64(sp)",
            "lw a0, 60(sp)",
            "sw a1, 4(a0)",
            "sw a2, 8(a0)",
            "sw s0, 12(a0)",
            "sw s1, 16(a0)",
            "sw s2, 20(a0)",
            "sw s3, 24(a0)",
            "sw s4, 28(a0)",
            "sw s5, 32(a0)",
            "sw s6, 36(a0)",
            "sw s7, 40(a0)",
            "sw s8, 44(a0)",
            "sw s9, 48(a0)",
            "sw s10, 52(a0)",
            "sw s11, 56(a0)",
            "sw gp, 60(a0)",
            "sw tp, 64(a0)",
            "sw ra, 68(a0)",
            "sw t0, 72(a0)",
            "sw t1, 76(a0)",
            "sw t2, 80(a0)",
            "sw a3, 84(a0)",
            "sw a4, 88(a0)",
            "sw a5, 92(a0)",
            "sw a6, 96(a0)",
            "sw a7, 100(a0)",
            "sw t3, 104(a0)",
            "sw t4, 108(a0)",
            "sw t5, 112(a0)",
            "sw t6, 116(a0)",
            "lw a1, 64(sp)",
            "sw a1, 0(a0)",
            restore!(),
        )
    }
    let mut after = After { status: Status(0), words: [0; 2], preserved: [0; 14], others: [0; 13] };
    // SAFETY: the function reads four words, and writes a result.
    unsafe { call(selector, words.as_ptr(), &mut after) };
    after
}

/// Calls a function with a secret in every register except for that of its argument.
pub fn with_secrets<T>(function: extern "C" fn(&T), argument: &T) {
    /// The function is called as in C; the registers that have to be preserved are saved here.
    #[unsafe(naked)]
    unsafe extern "C" fn call(argument: *const (), function: usize) {
        naked_asm!(
            save!(),
            "sw a1, 64(sp)",
            "lui a1, 0x5ec20",
            fill!(),
            "mv a4, a1",
            "lw ra, 64(sp)",
            "jalr ra",
            restore!(),
        )
    }
    // SAFETY: the function takes such an argument.
    unsafe { call(core::ptr::from_ref(argument).cast(), function as *const () as usize) };
}
