// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts for x86-64.

pub mod registers;

use crate::reply::Reply;
use core::arch::asm;
use core::sync::atomic::AtomicU32;
use crossgate_abi::number;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word};

/// A stack pointer has to be a multiple of this number.
pub const STACK_UNIT: usize = 8;
/// The number of bytes of stack that a system call takes.
pub const SYSTEM_CALL_STACK: usize = 13 * size_of::<usize>();
/// Stacks are divided at multiples of this number of bytes.
pub const STEP: usize = 8 * 1024;
/// An address that no memory can have (Intel SDM 1, 3.3.7.1).
pub const NOT_CANONICAL: usize = 0x8000_0000_0000_0000;
/// Code that returns: `ret`, four times.
pub const RETURN: u32 = 0xc3c3_c3c3;

/// Reads a word.
#[must_use]
pub fn load(address: usize) -> u32 {
    let word;
    // SAFETY: a read of open memory changes nothing.
    unsafe { asm!("mov {:e}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly)) };
    word
}

/// Writes a word.
pub fn store(address: usize, word: u32) {
    // SAFETY: this is an attack. The caller makes sure that it can't break the memory of this process' own Rust
    // objects; the test shows that it can't reach those of others.
    unsafe { asm!("mov [{1}], {0:e}", in(reg) word, in(reg) address, options(nostack)) };
}

/// Calls the code at `address`. If the CPU executes this code, the code only returns.
pub fn run(address: usize) {
    // SAFETY: as above.
    unsafe { asm!("call {}", in(reg) address, clobber_abi("C")) };
}

/// Calls the method whose entry in the tables is `entry`, with this object.
pub fn run_method(entry: usize, object: usize) {
    // SAFETY: the method reads its object, which is not allowed here. (Its first argument is where its results go.)
    unsafe { asm!("call {}", in(reg) entry, in("rdi") object, in("rsi") object, clobber_abi("C")) };
}

/// Executes an undefined instruction.
pub fn undefined() {
    // SAFETY: the instruction has no effect except for the fault.
    unsafe { asm!("ud2") };
}

/// Executes a breakpoint.
pub fn breakpoint() {
    // SAFETY: as above.
    unsafe { asm!("int3") };
}

/// Divides by zero.
pub fn divide_by_zero() {
    // SAFETY: as above.
    unsafe { asm!("div {:e}", in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _) };
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
            "call __crossgate_gate",
            inlateout("rax") selector => status,
            in("rdi") first,
            in("rsi") second,
            inlateout("rdx") third => low,
            inlateout("rcx") fourth => high,
            clobber_abi("C"),
        );
    }
    Reply { status: Status(status), words: [low, high] }
}

/// Calls the gate at another stack pointer, with arguments.
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
            "mov r12, rsp",
            "mov rsp, r13",
            "call __crossgate_gate",
            "mov r13, rsp",
            "mov rsp, r12",
            inlateout("rax") selector => status,
            in("rdi") first,
            in("rsi") second,
            inlateout("rdx") third => _,
            inlateout("rcx") fourth => _,
            out("r12") _,
            inlateout("r13") stack_pointer => after,
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
            "call __crossgate_gate",
            "ud2",
            in("rax") number::system_call(number::RETURN),
            in("rdi") status,
            in("rsi") words[0],
            in("rdx") words[1],
            options(noreturn),
        )
    }
}

/// Lends the `length` bytes below the stack pointer, where the kernel saves the caller's registers during the call.
#[must_use]
pub fn lend_saved_registers(selector: Word, length: usize) -> Status {
    let status;
    // SAFETY: the stack pointer is lowered to a multiple of 64 for the call, and set back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "sub rsp, 128",
            "and rsp, -64",
            "mov rdi, rsp",
            "sub rdi, rsi",
            "call __crossgate_gate",
            "mov rsp, r12",
            inlateout("rax") selector => status,
            out("rdi") _,
            inlateout("rsi") length => _,
            inlateout("rdx") 0_usize => _,
            inlateout("rcx") 0_usize => _,
            out("r12") _,
            clobber_abi("C"),
        );
    }
    Status(status)
}

/// Executes an undefined instruction at another stack pointer.
pub fn undefined_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "mov rsp, {stack_pointer}",
            "ud2",
            stack_pointer = in(reg) stack_pointer,
            options(noreturn),
        )
    }
}

/// Executes a breakpoint at another stack pointer.
pub fn breakpoint_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "mov rsp, {stack_pointer}",
            "int3",
            stack_pointer = in(reg) stack_pointer,
            options(noreturn),
        )
    }
}

/// Counts down at another stack pointer, and may be interrupted meanwhile.
pub fn count_down_at(stack_pointer: usize, count: u32) {
    // SAFETY: the caller uses nothing below the stack pointer, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, {stack_pointer}",
            "2: dec {count:e}",
            "jnz 2b",
            "mov rsp, r12",
            stack_pointer = in(reg) stack_pointer,
            count = inout(reg) count => _,
            out("r12") _,
        );
    }
}

/// Waits with this stack pointer until it is interrupted.
pub fn spin_at(stack_pointer: usize) -> ! {
    // SAFETY: the stack is not used any more.
    unsafe {
        asm!(
            "mov rsp, {stack_pointer}",
            "2: jmp 2b",
            stack_pointer = in(reg) stack_pointer,
            options(noreturn),
        )
    }
}

/// Computes with this stack pointer until the word is not 0. Returns the stack pointer after that.
pub fn compute_at(stack_pointer: usize, is_enough: &AtomicU32) -> usize {
    let after;
    // SAFETY: the caller does not use this part of its stack, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, r13",
            "2: cmp dword ptr [rdi], 0",
            "je 2b",
            "mov r13, rsp",
            "mov rsp, r12",
            out("r12") _,
            inout("r13") stack_pointer => after,
            in("rdi") is_enough.as_ptr(),
        );
    }
    after
}

/// Blocks the signals of this set, by a system call of Linux.
pub fn block_signals(signals: u64) {
    const RT_SIGPROCMASK: usize = 14;
    const SIG_BLOCK: usize = 0;
    // SAFETY: Linux reads the set, and writes nothing.
    unsafe {
        asm!(
            "syscall",
            inout("rax") RT_SIGPROCMASK => _,
            in("rdi") SIG_BLOCK,
            in("rsi") &signals,
            in("rdx") 0,
            in("r10") size_of_val(&signals),
            out("rcx") _,
            out("r11") _,
        );
    }
}
