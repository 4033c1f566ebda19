// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain call and its return, without Rust.
//!
//! A call is plain under two conditions. The [gate](crossgate_abi::table::Gate) has a room, which means that no lease,
//! handle or lock is among the duties of the call. And one comparison of the thread's
//! [calls](crossgate_kernel::thread::Calls) shows that a frame is left, that the thread holds no lease, and that its
//! deadline has not passed. This code makes all checks of the core, in the same order. If one fails, it has changed
//! nothing, and the core makes the call. The test `riscv_equivalence` runs both paths from the same states and compares
//! every byte.
//!
//! The caller's registers are saved as in a [`Context`], but only those that a function preserves, gp, tp, sp and pc.
//! Bit 0 of the saved pc marks such a context: [`load`](crate::exit::load) clears the other registers.

use crate::context::Context;
use crate::machine::Machine;
use core::mem::offset_of;
use crossgate_abi::Word;
use crossgate_abi::table::Gate;
use crossgate_kernel::Kernel;
use crossgate_kernel::port::Port;

/// The offset of `Machine::regions`, in bytes from the start of the kernel.
pub const REGIONS: usize = offset_of!(Kernel<Machine>, port) + Machine::REGIONS;
/// The number of bytes of stack that a call needs beyond the room in the gate, which the wiring computes for another
/// CPU.
pub const MORE_ROOM: Word = Machine::ENTRY_SIZE - Gate::ENTRY_SIZE as Word;

const _: () = assert!(
    offset_of!(Kernel<Machine>, port) == 24,
    "`call` loads the current thread, the processes that run, and the gates, which lie before the port"
);
const _: () = assert!(size_of::<Gate>() == 16, "`call` multiplies by this size");
const _: () = assert!(Context::SIZE == 128, "`call` subtracts this size");

/// Opens the memory and the devices of the process in t4 (an index), from the kernel in t3, and the stack up to the
/// address in t1. It changes t1, t4, t5 and t6.
macro_rules! open {
    () => {
        "srli t1, t1, 2
        csrw pmpaddr1, t1
        lw t5, {regions}(t3)
        slli t6, t4, 3
        add t5, t5, t6
        slli t4, t4, 4
        add t5, t5, t4
        lw t1, 0(t5)
        lw t4, 4(t5)
        csrw pmpaddr2, t1
        csrw pmpaddr3, t4
        lw t1, 8(t5)
        lw t4, 12(t5)
        csrw pmpaddr4, t1
        csrw pmpaddr5, t4
        lw t1, 16(t5)
        lw t4, 20(t5)
        csrw pmpaddr6, t1
        csrw pmpaddr7, t4
        li t1, {data}
        csrw pmpcfg0, t1
        "
    };
}
pub(crate) use open;

/// A call.
///
/// In: t0 is the thread's stack pointer, which is in bounds; the `Bounds` at sp; a0 to a3 the words; a4 the selector, which
/// is not negative. The other registers are free, because a system call changes them, except for s0 to s11, gp and tp.
macro_rules! call {
    () => {
        concat!(
            "lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the number of the gate is arbitrary, but not negative (`forged_calls`).
        lw t4, 20(t3)
        bgeu a4, t4, .Lcall_slow
        lw t4, 16(t3)
        slli t5, a4, 4
        add t4, t4, t5
        lw t5, 0(t4)
        lw t6, 4(t4)
        lw a6, {rights}(a5)
        lw a7, {calls}(a5)
        lw ra, 12(t3)
        // The caller has the right to call (its number is the lowest byte of its rights), and the callee runs (its
        // number is the lowest byte of the gate's second word). A shift uses only the lowest five bits of its count.
        srl t5, t5, a6
        srl ra, ra, t6
        and t5, t5, ra
        andi t5, t5, 1
        beqz t5, .Lcall_slow
        li ra, {last_call}
        bltu ra, a7, .Lcall_slow
        // The gate's room is a code, which is negative, if the core has to make the call.
        srai t1, t6, 16
        bltz t1, .Lcall_slow
        // The caller's context, where the callee's window ends: no caller's frame is in it (`memory`, `stacks`).
        // Attacker: the caller decides how full the stack is (`nested_calls`).
        andi t2, t0, -16
        addi t2, t2, -128
        lw t5, 0(a5)
        sub ra, t2, t5
        addi t1, t1, {more_room}
        bltu ra, t1, .Lcall_slow
        srli t1, ra, 20
        bnez t1, .Lcall_slow

        // --- All checks have passed: the call is made.
        csrr t1, mepc
        addi t1, t1, 4 + 1
        sw t1, 0(t2)
        sw t0, 8(t2)
        sw gp, 12(t2)
        sw tp, 16(t2)
        sw s0, 32(t2)
        sw s1, 36(t2)
        sw s2, 72(t2)
        sw s3, 76(t2)
        sw s4, 80(t2)
        sw s5, 84(t2)
        sw s6, 88(t2)
        sw s7, 92(t2)
        sw s8, 96(t2)
        sw s9, 100(t2)
        sw s10, 104(t2)
        sw s11, 108(t2)
        // The frame, which the return uses. It is in the kernel's memory, out of reach for all threads.
        add t0, a5, a7
        sw t2, {frames}(t0)
        sw a6, {frames} + 4(t0)
        srli t1, t6, 8
        sb t1, {frame_service}(t0)
        addi a7, a7, {frame}
        sw a7, {calls}(a5)
        // The callee's rights: its process, and the window in granules.
        andi a6, t6, 0xff
        srli t1, ra, 4
        slli t1, t1, 16
        or t1, t1, a6
        sw t1, {rights}(a5)
        sw t2, {highest}(sp)
        lw a5, 8(t4)
        lw t0, 12(t4)
        csrw mepc, a5
        mv t1, t2
        mv t4, a6
        ",
            crate::fast_path::open!(),
            "csrw mscratch, sp
        mv sp, t2
        mv a4, a3
        mv a3, a2
        mv a2, a1
        mv a1, a0
        mv a0, t0
        // Secret: the values that the caller and this code had in registers (`registers`).
        li ra, 0
        li gp, 0
        li tp, 0
        li t0, 0
        li t1, 0
        li t2, 0
        li s0, 0
        li s1, 0
        li a5, 0
        li a6, 0
        li a7, 0
        li s2, 0
        li s3, 0
        li s4, 0
        li s5, 0
        li s6, 0
        li s7, 0
        li s8, 0
        li s9, 0
        li s10, 0
        li s11, 0
        li t3, 0
        li t4, 0
        li t5, 0
        li t6, 0
        mret

        // --- The core makes the call. No register that is saved keeps a value of this code.
        .Lcall_slow:
        li ra, 0
        li t2, 0
        li t3, 0
        li t4, 0
        li t5, 0
        li t6, 0
        li a5, 0
        li a6, 0
        li a7, 0
        j 1f
        "
        )
    };
}
pub(crate) use call;

/// A return.
///
/// In: the `Bounds` at sp; a0 to a2 the status and the results. The other registers are free, because the values that the
/// method left there are dead.
macro_rules! leave {
    () => {
        concat!(
            "lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the thread may return without a call, or twice from one call (`crashes`). Then the difference wraps
        // around to more than any number of frames. If the thread holds leases, the difference is greater than that,
        // too.
        lw a7, {calls}(a5)
        addi a7, a7, -{frame}
        li t1, {last_call}
        bltu t1, a7, 6f
        add t2, a5, a7
        // Attacker: the status is arbitrary. Only 0 is plain.
        lbu t4, {frame_care}(t2)
        or t4, t4, a0
        bnez t4, 6f

        // --- The return has no duties.
        lw t0, {frames}(t2)
        lw t4, {frames} + 4(t2)
        sw t4, {rights}(a5)
        sw a7, {calls}(a5)
        srli t1, t4, 16
        slli t1, t1, 4
        lw t5, 0(a5)
        add t1, t1, t5
        sw t1, {highest}(sp)
        andi t4, t4, 0xff
        ",
            crate::fast_path::open!(),
            "// The caller's registers replace the values of the callee and of this code (`registers`). Their address comes
        // from the kernel's own memory.
        lw t1, 0(t0)
        andi t1, t1, -2
        csrw mepc, t1
        csrw mscratch, sp
        lw gp, 12(t0)
        lw tp, 16(t0)
        lw s0, 32(t0)
        lw s1, 36(t0)
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
        lw sp, 8(t0)
        ",
            crate::exit::clear!(),
            "li a3, 0
        li a4, 0
        mret
        "
        )
    };
}
pub(crate) use leave;

/// A call or a return, of which one is plain in most cases.
///
/// In: t1 is 0 for a return; t0 is the thread's stack pointer; a4 the selector; the `Bounds` at sp. Falls through to the slow
/// path of a call, to label 1, or jumps to label 6 for a return.
macro_rules! calls {
    () => {
        concat!(
            "beqz t1, 3f
        bltz a4, 1f
        // A call, if the stack pointer is in bounds.
        lw t1, {lowest}(sp)
        bltu t0, t1, 7f
        lw t1, {highest}(sp)
        bltu t1, t0, 7f
        ",
            crate::fast_path::call!(),
            "3:
        ",
            crate::fast_path::leave!()
        )
    };
}
pub(crate) use calls;
