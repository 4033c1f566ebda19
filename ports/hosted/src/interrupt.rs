// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt, as user code: what a signal has a thread execute in the middle of its own.
//!
//! It runs on the thread's stack, with the thread's rights, and saves all registers there. So there is one way in which
//! a thread is saved, and a stack without room for it is a fault of the thread. The legend is in
//! [`entry`](crate::entry).

use crate::context::Context;
use crate::words::{COMPONENTS, EXTENDED_STATE_SIZE};
use core::arch::naked_asm;
use crossgate_abi::number::{self, hosted};

/// How many bytes below the stack pointer a function may use without saying so.
pub const RED_ZONE: usize = 128;

/// Where [`interrupt`] keeps the flags, above its frame pointer.
pub const INTERRUPT_FLAGS: usize = 15 * size_of::<usize>();

unsafe extern "C" {
    /// The gate, which user code knows by this name: see [`entry`](crate::entry).
    fn __crossgate_gate();
    /// Where an interrupted thread comes back from the gate.
    fn __crossgate_interrupted();
}

/// Returns whether a thread that is to execute this instruction is going to tell the kernel of an interrupt anyway.
pub fn is_on_the_way(instruction: usize) -> bool {
    let start = |function: unsafe extern "C" fn()| function as *const () as usize;
    instruction == start(by_signal)
        || (start(interrupt)..start(__crossgate_interrupted)).contains(&instruction)
}

/// The function that a signal has the interrupted thread call.
///
/// In: the stack pointer is below the red zone, and the address to go on at lies there. Out: no register is changed.
#[unsafe(naked)]
pub unsafe extern "C" fn by_signal() {
    naked_asm!("call {interrupt}", "ret {red_zone}", interrupt = sym interrupt, red_zone = const RED_ZONE)
}

/// Tells the kernel of an interrupt.
///
/// In: a return address on the stack. Out: no register is changed, and no flag.
///
/// Attacker: jumps here, or makes the same system call itself. That is an interrupt for which nothing is pending: the
/// kernel goes on with the most urgent thread (`system_calls`). What it keeps here is its own to change.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    naked_asm!(
        // All that the thread can have in use. First the flags, as the next instructions change them; at
        // `INTERRUPT_FLAGS`, where single steps find them.
        "pushfq",
        "push rax",
        "push rcx",
        "push rdx",
        "push rbx",
        "push rbp",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "cld",
        // The extended state, in an area of the size that the CPU wants, at a multiple of 64.
        "mov rbp, rsp",
        "sub rsp, [rip + {size}]",
        "and rsp, -64",
        // The header of the area has to be 0.
        "xor eax, eax",
        "lea rdi, [rsp + 512]",
        "mov ecx, 8",
        "rep stosq",
        "mov eax, {components}",
        "mov edx, -1",
        "xsave64 [rsp]",
        // The system call. It preserves rbp and rsp.
        "mov rax, {selector}",
        "call {gate}",
        ".global __crossgate_interrupted",
        "__crossgate_interrupted:",
        "mov eax, {components}",
        "mov edx, -1",
        "xrstor64 [rsp]",
        // The registers that were saved are no use that the thread itself makes of its stack.
        "lea rdi, [rsp - {context}]",
        "mov rcx, rbp",
        "sub rcx, rdi",
        "shr ecx, 3",
        "xor eax, eax",
        "rep stosq",
        "mov rsp, rbp",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rbp",
        "pop rbx",
        "pop rdx",
        "pop rcx",
        "pop rax",
        "popfq",
        "ret",
        size = sym EXTENDED_STATE_SIZE,
        context = const Context::SIZE,
        components = const COMPONENTS,
        selector = const number::system_call(hosted::INTERRUPT) as isize,
        gate = sym __crossgate_gate,
    )
}
