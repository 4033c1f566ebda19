// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path into the kernel.
//!
//! There is no trap: a system call is a call of the gate. The gate stores the registers that a function preserves on
//! the thread's stack, and then switches to the kernel's stack. If an interrupt comes while a thread runs, all of its
//! registers are saved on its stack, and then the thread also [calls the gate](crate::interrupt). So every thread that
//! does not run is saved in the same way. If its stack is too small for this, the thread faults in user mode.
//!
//! A byte in memory, [`MODE`], says if user code runs. The mode is *user* only while the stack pointer points into the
//! thread's stack. So the stores on the way into the kernel, and the loads on the way out, are actions of the thread
//! itself.
//!
//! # Legend of the assembly
//!
//! For this file, [`exit`](crate::exit) and [`interrupt`](crate::interrupt).
//!
//! | register | at the gate | while the kernel runs | on the path out |
//! |---|---|---|---|
//! | x8 | the selector | any value | 0 |
//! | x0 to x3 | the four words | any value | x0: the status, x1 and x2: two results; x3 is 0. For a method, x0 to x5: its words |
//! | x19 to x29, and d8 to d15 | the thread's, stored | any value | the thread's, loaded from its stack; 0 where it starts |
//! | x30 | the address where the thread continues, stored | any value | the same; 0 where a thread starts |
//! | x4 to x7, x9 to x18 | free | any value | 0, but x9 is the address where a method starts |
//! | the other vector registers, SVE's predicates, FPSR, flags, TPIDR2 | free | in use | cleared |
//! | FPCR | the thread's, stored | 0 | the thread's, loaded; 0 where it starts |
//! | the streaming mode and the array of SME | the thread's | off | off |
//! | sp | in the thread's stack | the end of the kernel's stack | the thread's, before the mode is *user* |
//! | TPIDR | the thread's, which may have changed it | the C library's | the same |
//!
//! The values in the table are **live**. All other values that the kernel had in registers are **secret**, because they
//! may belong to another process: [`exit`](crate::exit) clears them while the mode is still the kernel's (test
//! `registers`).
//!
//! **Attackers** can jump to every instruction here, with any registers, because all processes can execute all code.
//! They gain no privilege by this: the code runs with the memory that was already open to them. The kernel's own memory
//! is also open; the book states this limit. A line that begins with `Attacker:` says what they control there, what
//! holds them, and which test shows it.

use crate::context::Context;
use crate::cpu::HAS_SME;
use crate::exit::leave;
use crate::handler;
use crate::interrupt::is_on_the_way as is_in_interrupt;
use crate::words::{KERNEL, KERNEL_STACK_END, MODE, THREAD_POINTER};
use core::arch::naked_asm;
use core::mem::offset_of;

/// Runs a handler of the kernel, on the kernel's stack, and then [leaves](leave) the kernel. Before this, it resets all
/// settings that a thread could have changed.
///
/// In: sp is passed to the handler. Out: it never returns. `$label` is the instruction that changes the mode.
macro_rules! run_handler {
    ($label:literal) => {
        concat!(
            // Attacker: sp is arbitrary. The handler checks if a context can lie there before it reads one
            // (`wild_contexts`).
            "mov x0, sp
             adrp x9, {mode}
             mov w10, {kernel}
             .global ",
            $label,
            "\n",
            // From here on signals are the kernel's, and Linux may be called.
            $label,
            ": strh w10, [x9, :lo12:{mode}]
             adrp x9, {kernel_stack_end}
             ldr x9, [x9, :lo12:{kernel_stack_end}]
             mov sp, x9\n",
            // The thread can't choose the address of the C library's variables, or how floats are computed.
            "adrp x9, {thread_pointer}
             ldr x9, [x9, :lo12:{thread_pointer}]
             msr tpidr_el0, x9
             msr fpcr, xzr\n",
            // Nor the streaming mode, in which many instructions are undefined: `smstop`.
            "adrp x9, {has_sme}
             ldrb w9, [x9, :lo12:{has_sme}]
             cbz w9, 2f
             .inst 0xd503467f
             2: mov x29, xzr
             bl {handler}
             b {leave}"
        )
    };
}

unsafe extern "C" {
    /// In the gate: the instruction that changes the mode.
    fn __crossgate_gate_enters();
    /// The instruction that changes the mode after a fault.
    fn __crossgate_fault_enters();
}

/// Returns the instruction at which a faulted thread continues.
pub fn after_fault() -> *const () {
    __crossgate_fault_entry as *const ()
}

/// Returns `true` if a thread at this instruction will soon enter the kernel by itself, without a loop in between. An
/// interrupt is not needed there.
pub fn is_on_the_way_in(instruction: usize) -> bool {
    let is_between = |first: unsafe extern "C" fn(), last: unsafe extern "C" fn()| {
        (first as *const () as usize..=last as *const () as usize).contains(&instruction)
    };
    is_between(__crossgate_gate, __crossgate_gate_enters)
        || is_between(__crossgate_fault_entry, __crossgate_fault_enters)
        || is_in_interrupt(instruction)
}

/// Makes a system call.
///
/// In: the selector in x8, arguments in x0 to x3, the address to return to in x30. Out: the status in x0, results in x1
/// and x2. The registers that a function preserves are preserved. It returns by [`exit`](crate::exit).
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_gate() {
    naked_asm!(
        // Attacker: the stack pointer is arbitrary. These are stores of user code: a store to memory that can't be
        // written is a fault of the thread (`stacks`).
        "sub sp, sp, {size}",
        "stp x0, x1, [sp, {words}]",
        "stp x2, x3, [sp, {words} + 16]",
        "stp x19, x20, [sp, {saved}]",
        "stp x21, x22, [sp, {saved} + 16]",
        "stp x23, x24, [sp, {saved} + 32]",
        "stp x25, x26, [sp, {saved} + 48]",
        "stp x27, x28, [sp, {saved} + 64]",
        "stp x29, x30, [sp, {saved} + 80]",
        "stp d8, d9, [sp, {vectors}]",
        "stp d10, d11, [sp, {vectors} + 16]",
        "stp d12, d13, [sp, {vectors} + 32]",
        "stp d14, d15, [sp, {vectors} + 48]",
        "mrs x9, fpcr",
        "stp x9, x8, [sp]",
        run_handler!("__crossgate_gate_enters"),
        size = const Context::SIZE,
        words = const offset_of!(Context, words),
        saved = const offset_of!(Context, saved),
        vectors = const offset_of!(Context, vectors),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        thread_pointer = sym THREAD_POINTER,
        has_sme = sym HAS_SME,
        handler = sym handler::enter,
        leave = sym leave,
    )
}

const _: () = assert!(
    offset_of!(Context, control) == 0
        && offset_of!(Context, selector) == 8
        && offset_of!(Context, return_address) == offset_of!(Context, saved) + 88,
    "the gate stores these in pairs"
);

/// The instruction at which a faulted thread continues.
///
/// In: nothing, because the handler of the signal has noted everything. Nothing is saved, because nothing returns to
/// the thread.
///
/// Attacker: jumps here without a fault. Then the record is of a fault that it did not make, or of an old one; the
/// process is taken down either way.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_fault_entry() {
    naked_asm!(
        run_handler!("__crossgate_fault_enters"),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        thread_pointer = sym THREAD_POINTER,
        has_sme = sym HAS_SME,
        handler = sym handler::fault,
        leave = sym leave,
    )
}
