// SPDX-License-Identifier: MIT OR Apache-2.0
//! The user code of an interrupt: a signal makes a thread execute this code.
//!
//! The code runs on the thread's stack, with the thread's rights, and saves all registers there. So every thread is
//! saved in the same way. If the stack has no room for the registers, this is a fault of the thread. The legend of the
//! assembly is in [`entry`](crate::entry).

use crate::context::Context;
use crate::cpu::{COMPONENTS, EXTENDED_STATE_SIZE};
use crate::keys;
use crate::registers::Registers;
use core::arch::naked_asm;
use crossgate_abi::number::{self, hosted};
use crossgate_protection::Span;

/// The number of bytes below the stack pointer that a function may use without moving it.
const RED_ZONE: usize = 128;

/// The offset at which [`interrupt`] keeps the flags, above its frame pointer.
pub const INTERRUPT_FLAGS: usize = 15 * size_of::<usize>();

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
    /// The instruction at which an interrupted thread returns from the gate.
    fn __crossgate_interrupted();
}

/// Returns `true` if a thread at this instruction will report an interrupt to the kernel in any case.
pub fn is_on_the_way(instruction: usize) -> bool {
    let start = |function: unsafe extern "C" fn()| function as *const () as usize;
    instruction == start(by_signal)
        || (start(interrupt)..start(__crossgate_interrupted)).contains(&instruction)
}

/// Makes the interrupted thread report the interrupt to the kernel. `window` is the open part of its stack, and `rights`
/// are its rights to protection keys together with those of the kernel. Returns `false` if the stack pointer is outside
/// the window, or has no room below it.
#[must_use]
pub fn begin(registers: &mut Registers, window: Span, rights: Option<u32>) -> bool {
    const ROOM: usize = RED_ZONE + size_of::<usize>();
    let stack_pointer = registers.stack_pointer();
    if !(window.start + ROOM..=window.end).contains(&stack_pointer) {
        return false;
    }
    let below = stack_pointer - ROOM;
    // The write uses the rights of the thread, so that it can't write where the thread can't write.
    if let Some(rights) = rights {
        keys::set_rights(rights);
    }
    let instruction = registers.instruction();
    // SAFETY: the address is in the open part of the thread's stack, below the part that the thread uses.
    unsafe { core::ptr::with_exposed_provenance_mut::<usize>(below).write_unaligned(instruction) };
    registers.redirect(by_signal as *const (), below);
    true
}

/// The function that a signal makes the interrupted thread call.
///
/// In: the stack pointer is below the red zone, at the address at which to continue. Out: no register is changed.
#[unsafe(naked)]
unsafe extern "C" fn by_signal() {
    naked_asm!("call {interrupt}", "ret {red_zone}", interrupt = sym interrupt, red_zone = const RED_ZONE)
}

/// Reports an interrupt to the kernel.
///
/// In: a return address on the stack. Out: no register is changed, and no flag.
///
/// Attacker: jumps here, or makes the same system call itself. This has the effect of an interrupt with nothing
/// pending: the kernel continues with the most urgent thread (`system_calls`). The attacker may change its own
/// registers that are saved here.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    naked_asm!(
        // Everything that the thread can have in use. First the flags, because the next instructions change them; at
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
        // The extended state, in an area of the size that the CPU needs, at a multiple of 64.
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
        // The saved registers do not count as the thread's own use of its stack.
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
