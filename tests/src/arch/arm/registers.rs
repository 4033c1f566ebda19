//! All registers before and after a call.

use core::arch::asm;
use core::mem::MaybeUninit;
use crossgate_abi::{Status, Word, number};

/// The upper half of every secret.
pub const SECRET: Word = 0x5ec2_0000;

/// Registers after a call.
#[derive(Debug)]
pub struct After {
    /// How the call ended.
    pub status: Status,
    /// Its results.
    pub words: [Word; 2],
    /// What a call must not change: each was its own secret, [`SECRET`] and its place here.
    pub preserved: [Word; 8],
    /// The others.
    pub others: [Word; 3],
}

/// All registers but the stack pointer, as they are.
#[inline(always)]
#[must_use]
pub fn now() -> [Word; 13] {
    // Not zeroed before, because that would take registers.
    let mut registers = MaybeUninit::<[Word; 13]>::uninit();
    // SAFETY: the registers are written to the array that r0 points to.
    unsafe {
        asm!(
            "stmia r0, {{r1-r12}}",
            "str lr, [r0, #48]",
            in("r0") registers.as_mut_ptr(),
            options(nostack),
        );
        registers.assume_init()
    }
}

/// Returns from the current call, with the result [`SECRET`] and that in all registers.
pub fn leave_secrets() -> ! {
    // SAFETY: nothing comes back.
    unsafe {
        asm!(
            "mov r3, r1", "mov r4, r1", "mov r5, r1", "mov r6, r1", "mov r7, r1",
            "mov r8, r1", "mov r9, r1", "mov r10, r1", "mov r11, r1", "mov lr, r1",
            "cmp r1, r1",
            "svc 0",
            "udf #0",
            in("r0") 0,
            in("r1") SECRET,
            in("r2") 0,
            in("r12") number::system_call(number::RETURN),
            options(noreturn),
        )
    }
}

/// A call with a secret in every register but the first argument's.
#[inline(never)]
#[must_use]
pub fn call_with_secrets(selector: Word) -> After {
    let mut registers = [0; 14];
    // SAFETY: r7 and r11 may be reserved by the compiler, so all that is preserved is saved by hand.
    // The array is written to through its pointer, which is kept on the stack during the call.
    unsafe {
        asm!(
            "push {{r0, r4-r11, lr}}",
            "movw r3, #0x5ec2", "lsl r3, #16",
            "mov r4, r3", "orr r5, r3, #1", "orr r6, r3, #2", "orr r7, r3, #3",
            "orr r8, r3, #4", "orr r9, r3, #5", "orr r10, r3, #6", "orr r11, r3, #7",
            "orr lr, r3, #14", "orr r1, r3, #11", "orr r2, r3, #12", "orr r3, r3, #13",
            "mov r0, #1",
            "svc 0",
            "push {{r0}}",
            "ldr r0, [sp, #4]",
            "stmia r0, {{r0-r12}}",
            "str lr, [r0, #52]",
            "pop {{r1}}",
            "str r1, [r0]",
            "pop {{r0, r4-r11, lr}}",
            in("r0") registers.as_mut_ptr(),
            in("r12") selector,
            clobber_abi("C"),
        );
    }
    let [status, first, second, r3, preserved @ .., r12, lr] = registers;
    After { status: Status(status), words: [first, second], preserved, others: [r3, r12, lr] }
}
