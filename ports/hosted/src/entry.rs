// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path into the kernel, on x86-64.
//!
//! There is no trap: a system call is a call of the gate. The gate saves the registers that a function preserves on the
//! thread's stack, then switches to the kernel's stack. An interrupt that comes while a thread runs makes the thread
//! [call the gate](crate::interrupt), too, after saving all registers: so every thread that does not run is saved in
//! the same way, and a stack that is too small for it faults in user mode.
//!
//! A byte in memory, [`MODE`], says if user code runs. The mode is *user* only while the stack pointer is the thread's;
//! so pushes on the path in and pops on the path out are actions of the thread itself.
//!
//! # Legend of the assembly
//!
//! For this file, [`exit`](crate::exit), [`interrupt`](crate::interrupt) and [`signal`](crate::signal).
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
//! **Live** are the values that the table names. **Secret** are the values that the kernel had in any register, because
//! they may belong to another process: [`exit`](crate::exit) scrubs them while the mode is still the kernel's (test
//! `registers`, `vectors`).
//!
//! **Attackers** can jump to every instruction here, with any registers, because code is open to all. They gain no
//! privilege by that: the code runs with the memory that was open to them. By pages the kernel's own memory is open
//! too, which the book admits. With protection keys the kernel has rights of its own beside those of the process in
//! force; from the instruction that gives these rights to the one that takes them, a process can choose no address. A
//! line that begins with `Attacker:` says what they control there, what holds them, and which test shows it.

use crate::context::Context;
use crate::exit::leave;
use crate::handler;
use crate::interrupt::is_on_the_way as is_in_interrupt;
use crate::words::{
    HAS_KEYS, HAS_WRFSBASE, KERNEL, KERNEL_KEEPS, KERNEL_STACK_END, MODE, RIGHTS, THREAD_POINTER,
};
use core::arch::naked_asm;

/// Runs a handler of the kernel, with the kernel's rights, on its stack, and with all settings reset that a thread
/// could have changed, and [leaves](leave) the kernel.
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
    /// The instruction at which a thread continues that has faulted.
    pub fn __crossgate_fault_entry();
}

/// Returns whether a thread that is about to execute this instruction will enter the kernel by itself, without a loop.
///
/// An interrupt would be of no use; and once the thread has the kernel's rights, they would be lost before it uses
/// them.
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

/// The instruction at which a thread continues that has faulted, if there are protection keys: the thread may have
/// given itself any rights. Without keys it continues at `__crossgate_fault_entry`.
///
/// In: nothing, because the handler of the signal has noted everything. Nothing is saved, because nothing returns to
/// the thread.
///
/// Attacker: jumps here without a fault. Then the record is of a fault that it did not make, or of an old one; the
/// process is taken down either way (`gates`: enters_as_fault).
#[unsafe(naked)]
pub unsafe extern "C" fn fault_entry_with_keys() {
    naked_asm!(
        // All rights, because the next instructions read with them. `run_handler` takes the superfluous ones away.
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
