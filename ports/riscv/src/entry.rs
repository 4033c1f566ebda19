// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from a trap of the CPU to the handlers in Rust.
//!
//! All registers are saved on the thread's stack, but only if the place is inside the window that is open to the thread.
//! Otherwise the kernel would write wherever a wild stack pointer leads, because the protection unit does not stop it.
//! The handler gets the address of this context, and returns the [`Way`](crate::exit::Way) out: code to jump to, and its
//! argument.
//!
//! # Legend of the assembly
//!
//! The legend holds for this file and `exit`. Names in parentheses, such as (`registers`), are those of tests.
//!
//! | register | when a trap is entered | in the kernel | when a thread continues |
//! |---|---|---|---|
//! | a0 to a3, a4 | at a system call: its words and its selector; else the thread's | free | from the context; at a method: its arguments |
//! | others, gp and tp too | the thread's | free, once they are saved; the kernel never uses gp and tp | from the context; 0 in a method |
//! | sp | any address | at the `Bounds`, 16 bytes below the end of the kernel's stack, or below | from the context |
//! | `mscratch` | the address of the `Bounds` | 0 | the address of the `Bounds` |
//! | `mepc` | the instruction that trapped, or the one that was interrupted | free | where the thread continues |
//!
//! A trap of the kernel itself finds 0 in `mscratch`: then the machine halts. In the first instructions of `trap`, and
//! the last ones of a way out, `mscratch` does not say where the trap comes from, but there nothing can fault:
//! interrupts are disabled in machine mode, and the loads and stores are to places that were checked.
//!
//! The values that the kernel, or another thread, had in a register are **secret**. Each path out of the kernel loads or
//! clears all registers (`registers`).
//!
//! **Attackers** can jump to every instruction here, because all of flash is executable, but a jump gives no privilege:
//! the first access to a register of machine mode is a fault (`privilege`). With privilege this code runs only from its
//! first instruction on. Attackers then control all registers, the contents of their memory, and the moment of the trap.
//! A comment that begins with `Attacker:` names what an attacker controls at that place, the mechanism that stops the
//! attacker, and the test that shows it.

#[cfg(not(target_has_atomic = "32"))]
use crate::atomic::{__crossgate_compare_exchange, LENGTH, restart};
use crate::context::{Bounds, Context};
use crate::crash::__crossgate_faulted;
#[cfg(not(feature = "napot"))]
use crate::fast_path;
use crate::{fault_status, handler};
use core::arch::naked_asm;
use core::mem::offset_of;
#[cfg(feature = "napot")]
use crossgate_abi::number;

/// The number of an environment call from user mode in `mcause`.
const ENVIRONMENT_CALL: u32 = 8;
#[cfg(feature = "napot")]
const _: () = assert!(number::RETURN == 0, "a return is recognised by the selector -1");

/// Saves ra, gp, tp and all registers from t2 on at the address in t0.
macro_rules! save {
    () => {
        "sw ra, 4(t0)
         sw gp, 12(t0)
         sw tp, 16(t0)
         sw t2, 28(t0)
         sw s0, 32(t0)
         sw s1, 36(t0)
         sw a0, 40(t0)
         sw a1, 44(t0)
         sw a2, 48(t0)
         sw a3, 52(t0)
         sw a4, 56(t0)
         sw a5, 60(t0)
         sw a6, 64(t0)
         sw a7, 68(t0)
         sw s2, 72(t0)
         sw s3, 76(t0)
         sw s4, 80(t0)
         sw s5, 84(t0)
         sw s6, 88(t0)
         sw s7, 92(t0)
         sw s8, 96(t0)
         sw s9, 100(t0)
         sw s10, 104(t0)
         sw s11, 108(t0)
         sw t3, 112(t0)
         sw t4, 116(t0)
         sw t5, 120(t0)
         sw t6, 124(t0)"
    };
}

unsafe extern "C" {
    /// The start of the slow path of a return, in [`__crossgate_slow`]. (A test compares the slow paths with the fast
    /// paths.)
    pub fn __crossgate_slow_return();
    /// The code that goes the [`Way`](crate::exit::Way) that a handler has returned.
    pub fn __crossgate_way_out();
    /// The path of a fault.
    fn __crossgate_fault();
}

/// The entry of all traps. (`crossgate-link` knows its name.)
///
/// In: as in the legend. Out: some thread continues.
// The paths that it leads to are functions of their own. They jump to each other, but never back, so `crossgate-link`
// can compute the stack that the kernel needs.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DefaultHandler() {
    naked_asm!(
        ".balign 4",
        "csrrw sp, mscratch, sp",
        "beqz sp, 9f",
        "sw t0, {t0}(sp)",
        "sw t1, {t1}(sp)",
        "csrr t1, mcause",
        // From here on `mscratch` is 0, and t0 is the thread's stack pointer.
        "csrrw t0, mscratch, zero",
        "bltz t1, 1f",
        "addi t1, t1, -{environment_call}",
        "bnez t1, 7f",
        #[cfg(not(feature = "napot"))]
        "j {system_call}",
        // With powers of two, the core makes all system calls. A return passes three words in registers; the values that
        // the method left in the others are dead, so they are not saved.
        #[cfg(feature = "napot")]
        "addi t1, a4, 1",
        #[cfg(feature = "napot")]
        "bnez t1, 1f",
        #[cfg(feature = "napot")]
        "j {slow_return}",
        "1: j {slow}",
        "7: j {faulted}",
        // The kernel has trapped. Its stack may be used up, so the handler starts again at the top of the stack.
        "9: lui sp, %hi(_stack_start)",
        "addi sp, sp, %lo(_stack_start)",
        "j {kernel_fault}",
        t0 = const offset_of!(Bounds, temporaries),
        t1 = const offset_of!(Bounds, temporaries) + 4,
        environment_call = const ENVIRONMENT_CALL,
        #[cfg(not(feature = "napot"))]
        system_call = sym fast_path::system_call,
        #[cfg(feature = "napot")]
        slow_return = sym __crossgate_slow_return,
        slow = sym __crossgate_slow,
        faulted = sym __crossgate_fault,
        kernel_fault = sym fault_status::kernel_fault,
    )
}

/// The slow path: the core handles a system call that is not a return, or an interrupt.
///
/// In: t0 is the thread's stack pointer, the `Bounds`, with the thread's t0 and t1, are at sp, and `mscratch` is 0; the
/// other registers are those of the thread. Out: some thread continues.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_slow() {
    naked_asm!(
        // Attacker: the stack pointer is any address. This code saves the registers only if the stack pointer is not
        // above the window's end, and the context is above the window's start. So it writes only to memory that the
        // thread could write itself (`stacks`, `wild_contexts`).
        "lw t1, {lowest}(sp)",
        "bltu t0, t1, 7f",
        "lw t1, {highest}(sp)",
        "bltu t1, t0, 7f",
        "mv t1, t0",
        "andi t0, t0, -16",
        "addi t0, t0, -{size}",
        // This ends the reservation of the thread's `lr`, if it has one: its `sc` must not succeed after another thread has
        // run. (The word is written below. The RISC-V manual, volume I, chapter "A", asks kernels to do this.)
        #[cfg(target_has_atomic = "32")]
        "sc.w zero, zero, (t0)",
        "sw t1, 8(t0)",
        save!(),
        "lw t1, {t0}(sp)",
        "sw t1, 20(t0)",
        "lw t1, {t1}(sp)",
        "sw t1, 24(t0)",
        "csrr t1, mepc",
        "csrr a1, mcause",
        // The thread continues after an environment call, and at an instruction that was interrupted.
        "bltz a1, 2f",
        "addi t1, t1, 4",
        "2:",
        // Without such instructions, a thread that was interrupted while it exchanged a word starts the exchange again.
        #[cfg(not(target_has_atomic = "32"))]
        restart!(),
        "sw t1, 0(t0)",
        "mv a0, t0",
        "call {trap}",
        // The way out: its code in a0, its argument in a1.
        ".global __crossgate_way_out",
        "__crossgate_way_out:",
        "5: mv t0, a0",
        "mv a0, a1",
        "jr t0",
        ".global __crossgate_slow_return",
        "__crossgate_slow_return:",
        "call {leave}",
        "j 5b",
        // The process of the thread crashes: a fault, or a stack pointer out of bounds. Nothing ever continues with
        // these registers, so this code saves them not on the thread's stack, but where a crash dump finds them.
        ".global __crossgate_fault",
        "__crossgate_fault:",
        "7: mv t1, t0",
        "lui t0, %hi({faulted})",
        "addi t0, t0, %lo({faulted})",
        "sw t1, 8(t0)",
        save!(),
        "lw t1, {t0}(sp)",
        "sw t1, 20(t0)",
        "lw t1, {t1}(sp)",
        "sw t1, 24(t0)",
        "csrr t1, mepc",
        "sw t1, 0(t0)",
        "call {fault}",
        "j 5b",
        t0 = const offset_of!(Bounds, temporaries),
        t1 = const offset_of!(Bounds, temporaries) + 4,
        lowest = const offset_of!(Bounds, lowest),
        highest = const offset_of!(Bounds, highest),
        size = const Context::SIZE,
        #[cfg(not(target_has_atomic = "32"))]
        compare_exchange = sym __crossgate_compare_exchange,
        #[cfg(not(target_has_atomic = "32"))]
        sequence = const LENGTH,
        faulted = sym __crossgate_faulted,
        trap = sym handler::trap,
        leave = sym handler::leave,
        fault = sym handler::fault,
    )
}
