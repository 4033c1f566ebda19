// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way into the kernel, on x86-64.
//!
//! There is no trap: a system call is a call of the gate. It saves the registers that a function
//! preserves on the thread's stack, then goes to the kernel's stack. An interrupt that comes while a
//! thread runs has the thread [make such a call](crate::interrupt), too, after saving all registers: so every thread
//! that does not run is saved in the same way, and a stack that is too small for it faults in user mode.
//!
//! A byte in memory, [`MODE`], says whether user code runs. It is *user* only while the stack pointer is the
//! thread's; so what is pushed on the way in and popped on the way out is the thread's own doing.
//!
//! # Legend of the assembly
//!
//! For this file, [`exit`](crate::exit), [`interrupt`](crate::interrupt) and [`signal`](crate::signal).
//!
//! | register | at the gate | while the kernel runs | on the way out |
//! |---|---|---|---|
//! | rax | the selector | anything | the status; scrubbed if a method is entered |
//! | rdi, rsi, rdx, rcx | the four words | anything | rdx, rcx: two results; the rest is 0. For a method: its words |
//! | rbx, rbp, r12 to r15 | the thread's, pushed | anything | the thread's, popped from its stack; 0 where it starts |
//! | r8 to r11 | nobody's | anything | 0, but r8 and r9 are words of a method, and r11 is where it goes on |
//! | x87, SSE, AVX.. | nobody's but their control words, pushed | in use | cleared; control words popped |
//! | flags | the thread's | 0x202: no direction, alignment or trap | of the last instruction |
//! | rsp | in the thread's stack | the end of the kernel's stack | the thread's, before the mode is *user* |
//! | fs, gs base | the thread's, which may have changed them | the C library's, and 0 | the same |
//! | PKRU, with protection keys | the thread's | the thread's and the kernel's: `RIGHTS & KERNEL_KEEPS` | `RIGHTS`, for the domain that is entered |
//!
//! **Live** is what the table names. **Secret** is what the kernel had in any register, as it may be of another process:
//! [`exit`](crate::exit) scrubs it while the mode is still the kernel's (test `registers`, `vectors`).
//!
//! **Attackers** can jump to every instruction here, with any registers, as code is open to all. There is no privilege
//! that they gain by that: what runs then has the memory that was open to them. By pages the kernel's own memory is open
//! too, which the book admits. With protection keys the kernel has rights of its own beside those of the process in
//! force; from the instruction that gives them to the one that takes them, no address is a process' to choose. A line
//! that begins with `Attacker:` says what they control there, what holds them, and which test shows it.

use crate::context::Context;
use crate::exit::leave;
use crate::handler;
use crate::interrupt::is_on_the_way as is_in_interrupt;
use crate::words::{
    HAS_KEYS, HAS_WRFSBASE, KERNEL, KERNEL_KEEPS, KERNEL_STACK_END, MODE, RIGHTS, THREAD_POINTER,
};
use core::arch::naked_asm;

/// Has the kernel do its work, with its rights, on its stack, and with what a thread could have changed put right,
/// and [leaves](leave) it.
///
/// In: rsp is passed to the handler. Out: it never comes back. `$label` is the instruction that changes the mode.
macro_rules! run_handler {
    ($label:literal) => {
        concat!(
            // Attacker: rsp is any. The handler looks whether a context can lie there before it reads one
            // (`gates`: enters_late, enters_at_the_end, enters_high, enters_on_victim, enters_on_others).
            "mov rdi, rsp
             cmp byte ptr [rip + {has_keys}], 0
             je 2f\n",
            // The kernel's rights, beside those of the process in force and no others. All three registers are
            // loaded here: to jump past them to `wrpkru` is to execute `wrpkru`, which any process can.
            "mov eax, [rip + {rights}]
             and eax, [rip + {kernel_keeps}]
             xor ecx, ecx
             xor edx, edx
             wrpkru
             2: ",
            // From here on signals are the kernel's, and Linux may be called.
            // Attacker: rdi is any, as above. With keys, memory of the kernel can't be written without its rights,
            // so a jump here faults (`gates`).
            ".global ",
            $label,
            "\n",
            $label,
            ": mov word ptr [rip + {mode}], {kernel}
             mov rsp, [rip + {kernel_stack_end}]\n",
            // Neither direction nor alignment nor trap flag is the thread's to choose (`flags`).
            "push 0x202
             popfq\n",
            // Nor are the bases of segments: the C library finds its variables by one (`flags`).
            "cmp byte ptr [rip + {has_wrfsbase}], 0
             je 3f
             mov rax, [rip + {thread_pointer}]
             wrfsbase rax
             xor eax, eax
             wrgsbase rax
             3: call {handler}
             jmp {leave}"
        )
    };
}

unsafe extern "C" {
    /// In the gate: the instruction that changes the mode.
    fn __crossgate_gate_enters();
    /// The same after a fault.
    fn __crossgate_fault_enters();
    /// Where a thread goes that did what it must not do.
    pub fn __crossgate_fault_entry();
}

/// Returns whether a thread that is to execute this instruction is about to come to the kernel by itself, without a
/// loop.
///
/// To interrupt it would be of no use; and once it has the kernel's rights, they would be lost before it comes
/// to use them.
pub fn is_on_the_way_in(instruction: usize) -> bool {
    let is_between = |first: unsafe extern "C" fn(), last: unsafe extern "C" fn()| {
        (first as *const () as usize..=last as *const () as usize).contains(&instruction)
    };
    is_between(__crossgate_gate, __crossgate_gate_enters)
        || is_between(fault_entry_with_keys, __crossgate_fault_enters)
        || is_in_interrupt(instruction)
}

/// A system call.
///
/// In: the selector in rax, arguments in rdi, rsi, rdx, rcx. Out: the status in rax, results in rdx, rcx. Preserved is
/// what a function preserves. It comes back by [`exit`](crate::exit), to the address that its caller pushed.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_gate() {
    naked_asm!(
        // A `Context`, from its end to its start, on top of where the call returns to.
        // Attacker: the stack pointer is any. These are pushes of user code: what can't be written faults, and that is
        // a fault of the thread (`wild_stacks`).
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push rax",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        run_handler!("__crossgate_gate_enters"),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        has_wrfsbase = sym HAS_WRFSBASE,
        thread_pointer = sym THREAD_POINTER,
        handler = sym handler::enter,
        leave = sym leave,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        kernel_keeps = sym KERNEL_KEEPS,
    )
}

const _: () = assert!(
    size_of::<Context>() == 13 * size_of::<usize>(),
    "the gate pushes 12 words, and its caller one"
);

/// Where a thread goes that did what it must not do, if there are protection keys: whatever rights it has given
/// itself. Without them it goes to `__crossgate_fault_entry`.
///
/// In: nothing, the handler of the signal has noted all. Nothing is saved, as nothing goes back to it.
///
/// Attacker: jumps here without a fault. Then the record tells of a fault that it did not make, or of an old one; it is
/// down either way (`gates`: enters_as_fault).
#[unsafe(naked)]
pub unsafe extern "C" fn fault_entry_with_keys() {
    naked_asm!(
        // All rights, since what comes next is read with them. `run_handler` takes those that are too many.
        "xor eax, eax",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        ".global __crossgate_fault_entry",
        "__crossgate_fault_entry:",
        run_handler!("__crossgate_fault_enters"),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        has_wrfsbase = sym HAS_WRFSBASE,
        thread_pointer = sym THREAD_POINTER,
        handler = sym handler::fault,
        leave = sym leave,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        kernel_keeps = sym KERNEL_KEEPS,
    )
}
