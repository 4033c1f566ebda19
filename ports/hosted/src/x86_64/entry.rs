// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path into the kernel.
//!
//! There is no trap: a system call is a call of the gate. The gate pushes the registers that a function preserves onto
//! the thread's stack, and then switches to the kernel's stack. If an interrupt comes while a thread runs, the thread
//! saves all registers and then also [calls the gate](crate::interrupt). So every thread that does not run is saved in
//! the same way. If its stack is too small for this, the thread faults in user mode.
//!
//! A byte in memory, [`MODE`], says if user code runs. The mode is *user* only while the stack pointer points into the
//! thread's stack. So the pushes on the way into the kernel, and the pops on the way out, are actions of the thread
//! itself.
//!
//! # Legend of the assembly
//!
//! For this file, [`exit`](crate::exit), [`interrupt`](crate::interrupt) and [`handling`](crate::handling).
//!
//! | register | at the gate | while the kernel runs | on the path out |
//! |---|---|---|---|
//! | rax | the selector | any value | the status; scrubbed if a method is entered |
//! | rdi, rsi, rdx, rcx | the four words | any value | rdx, rcx: two results; the rest is 0. For a method: its words |
//! | rbx, rbp, r12 to r15 | the thread's, pushed | any value | the thread's, popped from its stack; 0 where it starts |
//! | r8 to r11 | free | any value | 0, but r8 and r9 are words of a method, and r11 is the address where it continues |
//! | x87, SSE, AVX.. | free except for their control words, pushed | in use | cleared; control words popped |
//! | flags | the thread's | 0x202: no direction, alignment or trap | of the last instruction |
//! | rsp | in the thread's stack | the end of the kernel's stack | the thread's, before the mode is *user* |
//! | fs, gs base | the thread's, which may have changed them | the C library's, and 0 | the same |
//! | PKRU, with protection keys | the thread's | the thread's and the kernel's: `RIGHTS & KERNEL_KEEPS` | `RIGHTS`, for the domain that is entered |
//!
//! The values in the table are **live**. All other values that the kernel had in registers are **secret**, because they
//! may belong to another process: [`exit`](crate::exit) clears them while the mode is still the kernel's (tests
//! `registers`, `vectors`).
//!
//! **Attackers** can jump to every instruction here, with any registers, because all processes can execute all code.
//! They gain no privilege by this: the code runs with the memory that was already open to them. Without protection keys
//! (by pages), the kernel's own memory is also open; the book states this limit. With protection keys, the kernel has
//! its own rights in addition to those of the current process. Between the instruction that gives these rights and the
//! instruction that takes them away, a process can't choose any address. A line that begins with `Attacker:` says what
//! they control there, what holds them, and which test shows it.

use crate::context::Context;
use crate::cpu::HAS_WRFSBASE;
use crate::exit::leave;
use crate::handler;
use crate::interrupt::is_on_the_way as is_in_interrupt;
use crate::words::{
    HAS_KEYS, KERNEL, KERNEL_KEEPS, KERNEL_STACK_END, MODE, RIGHTS, THREAD_POINTER,
};
use core::arch::naked_asm;
use core::sync::atomic::Ordering;

/// Runs a handler of the kernel, with the kernel's rights and on the kernel's stack, and then [leaves](leave) the
/// kernel. Before this, it resets all settings that a thread could have changed.
///
/// In: rsp is passed to the handler. Out: it never returns. `$label` is the instruction that changes the mode.
macro_rules! run_handler {
    ($label:literal) => {
        concat!(
            // Attacker: rsp is arbitrary. The handler checks if a context can lie there before it reads one (`gates`:
            // enters_late, enters_at_the_end, enters_high, enters_on_victim, enters_on_others).
            "mov rdi, rsp
             cmp byte ptr [rip + {has_keys}], 0
             je 2f\n",
            // The kernel's rights, beside those of the current process and no others. All three registers are loaded
            // here: a jump past these instructions to `wrpkru` is the same as executing `wrpkru`, which any process
            // can.
            "mov eax, [rip + {rights}]
             and eax, [rip + {kernel_keeps}]
             xor ecx, ecx
             xor edx, edx
             wrpkru
             2: ",
            // From here on signals are the kernel's, and Linux may be called.
            // Attacker: rdi is arbitrary, as above. With keys, memory of the kernel can't be written without its
            // rights, so a jump here faults (`gates`).
            ".global ",
            $label,
            "\n",
            $label,
            ": mov word ptr [rip + {mode}], {kernel}
             mov rsp, [rip + {kernel_stack_end}]\n",
            // The thread cannot choose the direction flag, the alignment flag, or the trap flag (`flags`).
            "push 0x202
             popfq\n",
            // The thread cannot choose the bases of segments: the C library finds its variables by one of them
            // (`flags`).
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
    /// The instruction that changes the mode after a fault.
    fn __crossgate_fault_enters();
    /// The instruction at which a faulted thread continues if there are no protection keys.
    fn __crossgate_fault_entry();
}

/// Returns the instruction at which a faulted thread continues.
pub fn after_fault() -> *const () {
    if HAS_KEYS.load(Ordering::Relaxed) != 0 {
        fault_entry_with_keys as *const ()
    } else {
        __crossgate_fault_entry as *const ()
    }
}

/// Returns `true` if a thread at this instruction will soon enter the kernel by itself, without a loop in between.
///
/// An interrupt is not needed there. It would also be wrong: if the thread already has the kernel's rights, the
/// interrupt would take them away before the thread uses them.
pub fn is_on_the_way_in(instruction: usize) -> bool {
    let is_between = |first: unsafe extern "C" fn(), last: unsafe extern "C" fn()| {
        (first as *const () as usize..=last as *const () as usize).contains(&instruction)
    };
    is_between(__crossgate_gate, __crossgate_gate_enters)
        || is_between(fault_entry_with_keys, __crossgate_fault_enters)
        || is_in_interrupt(instruction)
}

/// Makes a system call.
///
/// In: the selector in rax, arguments in rdi, rsi, rdx, rcx. Out: the status in rax, results in rdx, rcx. The registers
/// that a function preserves are preserved. It returns by [`exit`](crate::exit), to the address that its caller pushed.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_gate() {
    naked_asm!(
        // A `Context`, from its end to its start, above the address to which the call returns.
        // Attacker: the stack pointer is arbitrary. These are pushes of user code: a push to memory that can't be
        // written is a fault of the thread (`wild_stacks`).
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

/// The instruction at which a faulted thread continues if there are protection keys. The thread may have given itself
/// any rights before. Without keys, a faulted thread continues at `__crossgate_fault_entry`.
///
/// In: nothing, because the handler of the signal has noted everything. Nothing is saved, because nothing returns to
/// the thread.
///
/// Attacker: jumps here without a fault. Then no handler has recorded one, so the kernel takes the process down with an
/// unknown cause, and with no registers (`gates`: enters_as_fault, enters_with_keys).
#[unsafe(naked)]
pub unsafe extern "C" fn fault_entry_with_keys() {
    naked_asm!(
        // This gives all rights, because the next instructions read memory of the kernel. `run_handler` takes the
        // unneeded rights away.
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
