// SPDX-License-Identifier: MIT OR Apache-2.0
//! The paths from the kernel to a thread. The memory that the thread may use is open by then; here its registers are
//! loaded.
//!
//! The legend of the assembly is in [`entry`](crate::entry).

use crate::context::Context;
use core::arch::naked_asm;
use core::mem::offset_of;
use crossgate_abi::Word;
use crossgate_kernel::call::Enter;

/// A path to a thread: code to jump to, and its argument.
#[repr(C)]
pub struct Way {
    exit: unsafe extern "C" fn() -> !,
    argument: Word,
}

/// Returns the path to a thread that continues with a context.
#[inline(always)]
pub fn resume(context: &Context) -> Way {
    Way { exit: load, argument: core::ptr::from_ref(context).addr() }
}

/// Returns the code at the end of a path.
pub fn code(way: &Way) -> usize {
    way.exit as *const () as usize
}

/// Returns the argument of that code.
pub fn argument(way: &Way) -> Word {
    way.argument
}

/// The registers with which a method is entered.
#[repr(C)]
pub struct Start {
    /// a0 to a4.
    arguments: [Word; 5],
    entry: Word,
    stack_top: Word,
}

/// The method that is entered next.
pub static mut START: Start = Start { arguments: [0; 5], entry: 0, stack_top: 0 };

/// Returns the path into a method.
#[inline(always)]
pub fn enter(enter: Enter) -> Way {
    let [first, second, third, fourth] = enter.words;
    let arguments = [enter.object.addr(), first, second, third, fourth];
    let start = Start { arguments, entry: enter.entry, stack_top: enter.stack_top };
    // SAFETY: only this function and the code at the end of the path use the static, and traps do not nest.
    unsafe { (&raw mut START).write(start) };
    Way { exit: begin, argument: (&raw const START).addr() }
}

/// Clears the registers that a system call changes, except for a0 to a4.
macro_rules! clear {
    () => {
        "li ra, 0
        li t0, 0
        li t1, 0
        li t2, 0
        li a5, 0
        li a6, 0
        li a7, 0
        li t3, 0
        li t4, 0
        li t5, 0
        li t6, 0
        "
    };
}
#[cfg(not(feature = "napot"))]
pub(crate) use clear;

/// Continues with a context.
///
/// In: a0 is its address; sp is at the `Bounds`. Out: the thread runs with all of its
/// registers. No register keeps a value of the kernel.
#[unsafe(naked)]
pub unsafe extern "C" fn load() -> ! {
    naked_asm!(
        "csrw mscratch, sp",
        "lw t0, 0(a0)",
        "andi t1, t0, 1",
        "sub t0, t0, t1",
        "csrw mepc, t0",
        "lw sp, 8(a0)",
        "lw gp, 12(a0)",
        "lw tp, 16(a0)",
        "lw s0, 32(a0)",
        "lw s1, 36(a0)",
        "lw a1, 44(a0)",
        "lw a2, 48(a0)",
        "lw s2, 72(a0)",
        "lw s3, 76(a0)",
        "lw s4, 80(a0)",
        "lw s5, 84(a0)",
        "lw s6, 88(a0)",
        "lw s7, 92(a0)",
        "lw s8, 96(a0)",
        "lw s9, 100(a0)",
        "lw s10, 104(a0)",
        "lw s11, 108(a0)",
        "bnez t1, 1f",
        "lw ra, 4(a0)",
        "lw t0, 20(a0)",
        "lw t1, 24(a0)",
        "lw t2, 28(a0)",
        "lw a3, 52(a0)",
        "lw a4, 56(a0)",
        "lw a5, 60(a0)",
        "lw a6, 64(a0)",
        "lw a7, 68(a0)",
        "lw t3, 112(a0)",
        "lw t4, 116(a0)",
        "lw t5, 120(a0)",
        "lw t6, 124(a0)",
        "lw a0, 40(a0)",
        "mret",
        // The fast path has saved only some registers.
        "1: lw a0, 40(a0)",
        clear!(),
        "li a3, 0",
        "li a4, 0",
        "mret",
    )
}

/// Enters a method.
///
/// In: a0 is the address of [`START`]; sp is at the [`Bounds`](crate::context::Bounds). Out: the method runs with its
/// arguments. All other registers are 0: no value of the kernel or of the caller is in them (`registers`). (The return
/// address is 0, too. The method's entry is a thunk, which ends by a system call.)
#[unsafe(naked)]
unsafe extern "C" fn begin() -> ! {
    naked_asm!(
        "csrw mscratch, sp",
        "lw t0, {entry}(a0)",
        "csrw mepc, t0",
        "lw sp, {stack_top}(a0)",
        "lw a1, 4(a0)",
        "lw a2, 8(a0)",
        "lw a3, 12(a0)",
        "lw a4, 16(a0)",
        "lw a0, 0(a0)",
        "li ra, 0",
        "li gp, 0",
        "li tp, 0",
        "li t0, 0",
        "li t1, 0",
        "li t2, 0",
        "li s0, 0",
        "li s1, 0",
        "li a5, 0",
        "li a6, 0",
        "li a7, 0",
        "li s2, 0",
        "li s3, 0",
        "li s4, 0",
        "li s5, 0",
        "li s6, 0",
        "li s7, 0",
        "li s8, 0",
        "li s9, 0",
        "li s10, 0",
        "li s11, 0",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "mret",
        entry = const offset_of!(Start, entry),
        stack_top = const offset_of!(Start, stack_top),
    )
}
