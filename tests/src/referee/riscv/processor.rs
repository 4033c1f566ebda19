// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run of the kernel with given registers of the CPU.

use super::super::arena::STACK;
use super::moment::{protect, unprotect};
use super::notes::{CAUSE, NOTES, SCRATCH, STATUS, WAITING, notes};
use super::registers::{Registers, T1};
use crate::report::fail;
use board::port::entry::DefaultHandler;
use core::arch::naked_asm;

/// Saves the registers of the referee, and loads all but t0 from the notes, whose address is in t0.
macro_rules! leave_referee {
    () => {
        "addi sp, sp, -64
        sw ra, 0(sp)
        sw gp, 4(sp)
        sw tp, 8(sp)
        sw s0, 12(sp)
        sw s1, 16(sp)
        sw s2, 20(sp)
        sw s3, 24(sp)
        sw s4, 28(sp)
        sw s5, 32(sp)
        sw s6, 36(sp)
        sw s7, 40(sp)
        sw s8, 44(sp)
        sw s9, 48(sp)
        sw s10, 52(sp)
        sw s11, 56(sp)
        li t0, {notes}
        sw sp, {waiting}(t0)
        lw t1, 0(t0)
        csrw mepc, t1
        lw t1, {cause}(t0)
        csrw mcause, t1
        lw t1, {scratch}(t0)
        csrw mscratch, t1
        lw t1, {status}(t0)
        csrw mstatus, t1
        csrw mtval, zero
        lw ra, 4(t0)
        lw sp, 8(t0)
        lw gp, 12(t0)
        lw tp, 16(t0)
        lw t1, 24(t0)
        lw t2, 28(t0)
        lw s0, 32(t0)
        lw s1, 36(t0)
        lw a0, 40(t0)
        lw a1, 44(t0)
        lw a2, 48(t0)
        lw a3, 52(t0)
        lw a4, 56(t0)
        lw a5, 60(t0)
        lw a6, 64(t0)
        lw a7, 68(t0)
        lw s2, 72(t0)
        lw s3, 76(t0)
        lw s4, 80(t0)
        lw s5, 84(t0)
        lw s6, 88(t0)
        lw s7, 92(t0)
        lw s8, 96(t0)
        lw s9, 100(t0)
        lw s10, 104(t0)
        lw s11, 108(t0)
        lw t3, 112(t0)
        lw t4, 116(t0)
        lw t5, 120(t0)
        lw t6, 124(t0)
        lw t0, 20(t0)"
    };
}

/// Runs the kernel with these registers from the first instruction of its handler of traps, until it returns to a
/// thread, or comes to a breakpoint. Then the registers are those at that place.
pub fn trap(registers: &mut Registers) {
    run(registers, enter_trap);
}

/// Runs the kernel with these registers from `target`, in the same way. That code does not use the value of t1.
pub fn continue_at(registers: &mut Registers, target: usize) {
    registers.words[T1] = target as u32;
    run(registers, enter_target);
}

fn run(registers: &mut Registers, enter: unsafe extern "C" fn()) {
    notes().registers = *registers;
    protect();
    // SAFETY: the kernel gets a free stack. At its end, or at a breakpoint, `stop` gets the CPU back, and restores the
    // registers of this function.
    unsafe { enter() };
    unprotect();
    *registers = notes().registers;
}

#[unsafe(naked)]
unsafe extern "C" fn enter_trap() {
    naked_asm!(
        leave_referee!(),
        "j {handler}",
        handler = sym DefaultHandler,
        notes = const NOTES,
        waiting = const WAITING,
        cause = const CAUSE,
        scratch = const SCRATCH,
        status = const STATUS,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn enter_target() {
    naked_asm!(
        leave_referee!(),
        "jr t1",
        notes = const NOTES,
        waiting = const WAITING,
        cause = const CAUSE,
        scratch = const SCRATCH,
        status = const STATUS,
    )
}

/// The handler of traps while the referee has replaced the kernel's.
#[unsafe(naked)]
pub unsafe extern "C" fn stop() {
    naked_asm!(
        ".balign 4",
        // The register has no meaning while the referee plays.
        "csrw mtval, t0",
        "li t0, {notes}",
        "sw ra, 4(t0)",
        "sw sp, 8(t0)",
        "sw gp, 12(t0)",
        "sw tp, 16(t0)",
        "sw t1, 24(t0)",
        "sw t2, 28(t0)",
        "sw s0, 32(t0)",
        "sw s1, 36(t0)",
        "sw a0, 40(t0)",
        "sw a1, 44(t0)",
        "sw a2, 48(t0)",
        "sw a3, 52(t0)",
        "sw a4, 56(t0)",
        "sw a5, 60(t0)",
        "sw a6, 64(t0)",
        "sw a7, 68(t0)",
        "sw s2, 72(t0)",
        "sw s3, 76(t0)",
        "sw s4, 80(t0)",
        "sw s5, 84(t0)",
        "sw s6, 88(t0)",
        "sw s7, 92(t0)",
        "sw s8, 96(t0)",
        "sw s9, 100(t0)",
        "sw s10, 104(t0)",
        "sw s11, 108(t0)",
        "sw t3, 112(t0)",
        "sw t4, 116(t0)",
        "sw t5, 120(t0)",
        "sw t6, 124(t0)",
        "csrr t1, mtval",
        "sw t1, 20(t0)",
        "csrr t1, mepc",
        "sw t1, 0(t0)",
        "csrr t1, mcause",
        "sw t1, {cause}(t0)",
        "csrr t1, mscratch",
        "sw t1, {scratch}(t0)",
        "csrr t1, mstatus",
        "sw t1, {status}(t0)",
        "lw sp, {waiting}(t0)",
        "sw zero, {waiting}(t0)",
        "beqz sp, 1f",
        "lw ra, 0(sp)",
        "lw gp, 4(sp)",
        "lw tp, 8(sp)",
        "lw s0, 12(sp)",
        "lw s1, 16(sp)",
        "lw s2, 20(sp)",
        "lw s3, 24(sp)",
        "lw s4, 28(sp)",
        "lw s5, 32(sp)",
        "lw s6, 36(sp)",
        "lw s7, 40(sp)",
        "lw s8, 44(sp)",
        "lw s9, 48(sp)",
        "lw s10, 52(sp)",
        "lw s11, 56(sp)",
        "addi sp, sp, 64",
        "ret",
        "1: li sp, {stack}",
        "j {lost}",
        notes = const NOTES,
        waiting = const WAITING,
        cause = const CAUSE,
        scratch = const SCRATCH,
        status = const STATUS,
        stack = const STACK,
        lost = sym lost,
    )
}

/// Ends the test, because the referee itself has trapped.
extern "C" fn lost() -> ! {
    fail(format_args!("a trap of the referee: {:x?}", notes().registers))
}
