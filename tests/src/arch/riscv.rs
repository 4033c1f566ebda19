// SPDX-License-Identifier: MIT OR Apache-2.0
//! The emulated RISC-V core.

pub mod further_memory;
pub mod registers;

use crate::reply::Reply;
use core::arch::asm;
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Status, Word, number};

/// A stack pointer has to be a multiple of this number.
pub const STACK_UNIT: usize = 4;
/// The number of bytes of stack that a system call takes.
pub const SYSTEM_CALL_STACK: usize = 128;
/// Amounts of stack, in bytes, that are enough for a system call, and for no method.
pub const TOO_LITTLE_STACK: core::ops::Range<usize> = SYSTEM_CALL_STACK..256;
/// The number of bytes of stack that a method needs beyond the declaration of its service.
pub const METHOD_STACK: usize = 128;
/// The number of a system call that does not exist.
pub const UNKNOWN_SYSTEM_CALL: usize = 0x100;
/// True if lent memory contains the data that a method wrote before it crashed.
pub const CRASHED_CALLS_WRITE: bool = true;
/// True if the protection unit can open any run of granules of 4 bytes, not only eighths of a block.
pub const OPENS_GRANULES: bool = board::port::protection::STACK_GRANULE == 16;
/// True if the protection unit can open any run of eighths of a block, not only an aligned power of two.
pub const OPENS_EIGHTHS: bool = OPENS_GRANULES;
/// The number of attacks that a test with random attacks makes.
pub const RANDOM_ATTACKS: u32 = 1000;
/// The number of rounds of a loop that is certainly interrupted.
pub const INTERRUPTED_LOOP: u32 = 40_000;
/// The result of a write to memory that was lent for reading.
pub const WRITE_TO_WHAT_IS_READ: Result<(), CallError> = Err(CallError::ServerFaulted);
/// Code that returns: `ret` in its short form, twice.
pub const RETURN: u32 = 0x8082_8082;

/// Writes a byte to the emulator's console by a semihosting call.
///
/// The emulator reads the byte from memory, and refuses to read a page that doesn't begin with memory of the current
/// process. All processes may read flash, so the byte is taken from there.
pub fn write_byte(byte: u8) {
    const WRITE_CHARACTER: usize = 3;
    static BYTES: [u8; 256] = {
        let mut bytes = [0; 256];
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] = index as u8;
            index += 1;
        }
        bytes
    };
    // SAFETY: the call reads the byte, and changes only the register. The three instructions tell the emulator that the
    // breakpoint is a call.
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") WRITE_CHARACTER => _,
            in("a1") &BYTES[usize::from(byte)],
            options(nostack, readonly),
        );
    }
}

/// Ends the emulator.
pub fn end(status: u8) -> ! {
    semihosting::process::exit(status.into())
}

/// Returns the wiring, with the real addresses of memory.
#[must_use]
pub fn placed(system: &'static System) -> &'static System {
    system
}

/// Returns the address at which the kernel keeps the bounds of the current stack: the top of the kernel's own stack.
#[must_use]
pub fn kernel_memory() -> usize {
    unsafe extern "C" {
        static _stack_start: [u32; 0];
    }
    (&raw const _stack_start).addr() - 16
}

/// Returns the addresses of constants, which all processes may read. On most boards, these are the addresses of code.
#[must_use]
pub fn constants() -> core::ops::Range<usize> {
    unsafe extern "C" {
        static __crossgate_constants_start: u8;
        static __crossgate_constants_end: u8;
    }
    (&raw const __crossgate_constants_start).addr()..(&raw const __crossgate_constants_end).addr()
}

/// Returns the addresses of code, which all processes may execute.
#[must_use]
pub fn code() -> core::ops::Range<usize> {
    unsafe extern "C" {
        static __crossgate_flash_start: u8;
        static __crossgate_flash_end: u8;
    }
    (&raw const __crossgate_flash_start).addr()..(&raw const __crossgate_flash_end).addr()
}

/// Returns the address at which a method finds the first memory that is lent to it, if the caller lends `length` bytes
/// at `address`.
#[must_use]
pub fn lent(address: usize, _length: usize) -> usize {
    address
}

/// Returns the address that a fault record contains for the instruction at `address`.
#[must_use]
pub fn in_program(address: usize) -> usize {
    address
}

/// Reads a word.
#[must_use]
pub fn load(address: usize) -> u32 {
    let word;
    // SAFETY: a read that the protection unit allows changes nothing.
    unsafe { asm!("lw {}, 0({})", out(reg) word, in(reg) address, options(nostack, readonly)) };
    word
}

/// Writes a word.
pub fn store(address: usize, word: u32) {
    // SAFETY: this is an attack. The caller makes sure that it can't break the memory of this process' own Rust
    // objects; the test shows that it can't reach those of others.
    unsafe { asm!("sw {}, 0({})", in(reg) word, in(reg) address, options(nostack)) };
}

/// Calls the code at `address`. If the CPU executes this code, the code only returns.
pub fn run(address: usize) {
    // SAFETY: as above.
    let code = unsafe { core::mem::transmute::<usize, extern "C" fn()>(address) };
    code();
}

/// Calls the method whose entry in the tables is `entry`, with this object.
pub fn run_method(entry: usize, object: usize) {
    // SAFETY: the method reads its object, and returns to the kernel. Neither is allowed here.
    let method = unsafe { core::mem::transmute::<usize, extern "C" fn(usize)>(entry) };
    method(object);
}

/// Executes an undefined instruction.
pub fn undefined() {
    // SAFETY: the instruction has no effect except for the fault.
    unsafe { asm!("unimp") };
}

/// Executes a breakpoint.
pub fn breakpoint() {
    // SAFETY: as above.
    unsafe { asm!("ebreak") };
}

/// Executes an undefined instruction, because a division by zero is not a fault on this CPU.
pub fn divide_by_zero() {
    undefined();
}

/// Expands to an environment call with these operands. Every register that a function may change counts as changed.
macro_rules! environment_call {
    ([$($instruction:literal),*], $($operands:tt)*) => {
        asm!(
            $($instruction,)*
            $($operands)*
            lateout("ra") _,
            lateout("t0") _, lateout("t1") _, lateout("t2") _, lateout("t3") _, lateout("t4") _, lateout("t5") _,
            lateout("t6") _, lateout("a5") _, lateout("a6") _, lateout("a7") _,
        )
    };
}

/// Executes the system call instruction, with these registers.
#[must_use]
pub fn trap(selector: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    let [first, second, third, fourth] = words;
    let (status, low, high);
    // SAFETY: the kernel preserves the other registers, and writes no memory of the caller except for that which is
    // lent to the called method.
    unsafe {
        environment_call!(
            ["ecall"],
            inlateout("a0") first => status,
            inlateout("a1") second => low,
            inlateout("a2") third => high,
            inlateout("a3") fourth => _,
            inlateout("a4") selector => _,
        );
    }
    Reply { status: Status(status), words: [low, high] }
}

/// Executes the system call instruction at another stack pointer, with arguments.
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
        environment_call!(
            ["mv s2, sp", "mv sp, s3", "ecall", "mv s3, sp", "mv sp, s2"],
            inlateout("a0") first => status,
            inlateout("a1") second => _,
            inlateout("a2") third => _,
            inlateout("a3") fourth => _,
            out("s2") _,
            inlateout("s3") stack_pointer => after,
            inlateout("a4") selector => _,
        );
    }
    (Status(status), after)
}

/// Returns from the current call.
pub fn leave(status: Word, words: [Word; 2]) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            "ecall",
            "unimp",
            in("a0") status,
            in("a1") words[0],
            in("a2") words[1],
            in("a4") number::system_call(number::RETURN),
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
        environment_call!(
            [
                "mv s2, sp",
                "addi a0, sp, -64",
                "andi a0, a0, -64",
                "mv sp, a0",
                "sub a0, a0, a1",
                "ecall",
                "mv sp, s2"
            ],
            inlateout("a4") selector => _,
            out("a0") status,
            inlateout("a1") length => _,
            inlateout("a2") 0 => _,
            inlateout("a3") 0 => _,
            out("s2") _,
        );
    }
    Status(status)
}

/// Executes an undefined instruction at another stack pointer.
pub fn undefined_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!("mv sp, {}", "unimp", in(reg) stack_pointer, options(noreturn));
    }
}

/// Executes a breakpoint at another stack pointer.
pub fn breakpoint_at(stack_pointer: usize) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!("mv sp, {}", "ebreak", in(reg) stack_pointer, options(noreturn));
    }
}

/// Counts down at another stack pointer, and may be interrupted meanwhile.
pub fn count_down_at(stack_pointer: usize, count: u32) {
    // SAFETY: the caller uses nothing below the stack pointer, and gets its own stack pointer back.
    unsafe {
        asm!(
            "mv s2, sp",
            "mv sp, {stack_pointer}",
            "2: addi {count}, {count}, -1",
            "bnez {count}, 2b",
            "mv sp, s2",
            stack_pointer = in(reg) stack_pointer,
            count = inout(reg) count => _,
            out("s2") _,
        );
    }
}

/// Waits with this stack pointer until it is interrupted.
pub fn spin_at(stack_pointer: usize) -> ! {
    // SAFETY: the stack is not used any more.
    unsafe { asm!("mv sp, {}", "2: j 2b", in(reg) stack_pointer, options(noreturn)) }
}

/// Executes the sequence that compares and exchanges words, from its store on, with this word and this value. The other
/// registers are as if the word had been compared with what it was expected to be.
pub fn store_of_exchange(sequence: usize, word: usize, value: u32) {
    // SAFETY: this is an attack. It stores the value, and returns.
    unsafe {
        asm!(
            "jalr {}",
            in(reg) sequence + 8,
            in("a0") word,
            in("a1") 0,
            in("a2") value,
            in("a3") 0,
            lateout("a0") _,
            lateout("a3") _,
            out("ra") _,
            options(nostack),
        );
    }
}
