// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts for 64-bit ARM.

pub mod registers;

use crate::reply::Reply;
use core::arch::asm;
use core::sync::atomic::AtomicU32;
use crossgate_abi::number;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word};

/// A stack pointer has to be a multiple of this number.
pub const STACK_UNIT: usize = 16;
/// The number of bytes of stack that a system call takes.
pub const SYSTEM_CALL_STACK: usize = 26 * size_of::<usize>();
/// Stacks are divided at multiples of this number of bytes.
pub const STEP: usize = 64 * 1024;
/// An address that no memory can have (Arm DDI 0487, D8.1).
pub const NOT_CANONICAL: usize = 0x0080_0000_0000_0000;
/// Code that returns.
pub const RETURN: u32 = 0xd65f_03c0;

/// Reads a word.
#[must_use]
pub fn load(address: usize) -> u32 {
    let word;
    // SAFETY: a read of open memory changes nothing.
    unsafe { asm!("ldr {:w}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly)) };
    word
}

/// Writes a word.
pub fn store(address: usize, word: u32) {
    // SAFETY: this is an attack. The caller makes sure that it can't break the memory of this process' own Rust
    // objects; the test shows that it can't reach those of others.
    unsafe { asm!("str {0:w}, [{1}]", in(reg) word, in(reg) address, options(nostack)) };
}

/// Calls the code at `address`, which only returns, if it is executed.
pub fn run(address: usize) {
    // SAFETY: as above.
    unsafe { asm!("blr {}", in(reg) address, clobber_abi("C")) };
}

/// Calls the method that the tables have at `entry` with this object.
pub fn run_method(entry: usize, object: usize) {
    // SAFETY: the method reads its object, which is not allowed here. (x8 is where its results go.)
    unsafe { asm!("blr {}", in(reg) entry, in("x0") object, in("x8") object, clobber_abi("C")) };
}

/// Executes an undefined instruction.
pub fn undefined() {
    // SAFETY: the instruction has no effect except for the fault.
    unsafe { asm!("udf #0") };
}

/// Executes a breakpoint.
pub fn breakpoint() {
    // SAFETY: as above.
    unsafe { asm!("brk #0") };
}

/// Executes an undefined instruction, because a division by zero is no fault here.
pub fn divide_by_zero() {
    undefined();
}

/// Calls the gate, with these registers.
#[must_use]
pub fn trap(selector: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    let [first, second, third, fourth] = words;
    let (status, low, high);
    // SAFETY: the gate preserves the registers that a function preserves, and writes no memory of the caller except for
    // that which is lent to the called method.
    unsafe {
        asm!(
            "bl __crossgate_gate",
            in("x8") selector,
            inlateout("x0") first => status,
            inlateout("x1") second => low,
            inlateout("x2") third => high,
            in("x3") fourth,
            clobber_abi("C"),
        );
    }
    Reply { status: Status(status), words: [low, high] }
}

/// Calls it at another stack pointer, with arguments.
#[must_use]
pub fn trap_at_with(
    stack_pointer: usize,
    selector: Word,
    words: [Word; ARGUMENT_WORDS],
) -> (Status, usize) {
    let [first, second, third, fourth] = words;
    let (status, after);
    // SAFETY: the caller uses nothing below the stack pointer, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mov x20, sp",
            "mov sp, x21",
            "bl __crossgate_gate",
            "mov x21, sp",
            "mov sp, x20",
            in("x8") selector,
            inlateout("x0") first => status,
            in("x1") second,
            in("x2") third,
            in("x3") fourth,
            out("x20") _,
            inlateout("x21") stack_pointer => after,
            clobber_abi("C"),
        );
    }
    (Status(status), after)
}

/// Returns from the current call.
pub fn leave(status: Word, words: [Word; 2]) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "bl __crossgate_gate",
            "udf #0",
            in("x8") number::system_call(number::RETURN),
            in("x0") status,
            in("x1") words[0],
            in("x2") words[1],
            options(noreturn),
        )
    }
}

/// Lends `length` bytes that end at the stack pointer of the call, where the kernel saves its registers.
#[must_use]
pub fn lend_saved_registers(selector: Word, length: usize) -> Status {
    let status;
    // SAFETY: the stack pointer is lowered to a multiple of 64 for the call, and set back.
    unsafe {
        asm!(
            "mov x20, sp",
            "sub x0, x20, #128",
            "and sp, x0, #-64",
            "mov x0, sp",
            "sub x0, x0, x1",
            "bl __crossgate_gate",
            "mov sp, x20",
            in("x8") selector,
            lateout("x0") status,
            in("x1") length,
            in("x2") 0_usize,
            in("x3") 0_usize,
            out("x20") _,
            clobber_abi("C"),
        );
    }
    Status(status)
}

/// Executes an undefined instruction at another stack pointer.
pub fn undefined_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe { asm!("mov sp, {}", "udf #0", in(reg) stack_pointer, options(noreturn)) }
}

/// Executes a breakpoint at another stack pointer.
pub fn breakpoint_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe { asm!("mov sp, {}", "brk #0", in(reg) stack_pointer, options(noreturn)) }
}

/// Counts down at another stack pointer, and may be interrupted meanwhile.
pub fn count_down_at(stack_pointer: usize, count: u32) {
    // SAFETY: the caller uses nothing below the stack pointer, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mov x20, sp",
            "mov sp, {stack_pointer}",
            "2: subs {count:w}, {count:w}, #1",
            "b.ne 2b",
            "mov sp, x20",
            stack_pointer = in(reg) stack_pointer,
            count = inout(reg) count => _,
            out("x20") _,
        );
    }
}

/// Waits with this stack pointer until it is interrupted.
pub fn spin_at(stack_pointer: usize) -> ! {
    // SAFETY: the stack is not used any more.
    unsafe { asm!("mov sp, {}", "2: b 2b", in(reg) stack_pointer, options(noreturn)) }
}

/// Computes with this stack pointer until the word is not 0. Returns the stack pointer after that.
pub fn compute_at(stack_pointer: usize, is_enough: &AtomicU32) -> usize {
    let after;
    // SAFETY: the caller does not use this part of its stack, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mov x20, sp",
            "mov sp, x21",
            "2: ldr w22, [x23]",
            "cbz w22, 2b",
            "mov x21, sp",
            "mov sp, x20",
            out("x20") _,
            inout("x21") stack_pointer => after,
            out("x22") _,
            in("x23") is_enough.as_ptr(),
        );
    }
    after
}

/// Blocks the signals of this set, by a system call of Linux.
pub fn block_signals(signals: u64) {
    const RT_SIGPROCMASK: usize = 135;
    const SIG_BLOCK: usize = 0;
    // SAFETY: Linux reads the set, and writes nothing.
    unsafe {
        asm!(
            "svc #0",
            in("x8") RT_SIGPROCMASK,
            inlateout("x0") SIG_BLOCK => _,
            in("x1") &signals,
            in("x2") 0,
            in("x3") size_of_val(&signals),
        );
    }
}
