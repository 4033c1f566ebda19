// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain call, or one that only has to take the lock of its object.
//!
//! In: t0 is the thread's stack pointer, which is in bounds; the `Bounds` at sp; a0 to a3 the words; a4 the selector,
//! which is not negative. The other registers are free, because a system call changes them, except for s0 to s11, gp
//! and tp. Out: the thread is in the method, in the callee's process.

/// Saves the caller's registers, and stores the frame of a call and the callee's rights. All checks have passed.
///
/// In: t2 is the place of the caller's context; ra the length of the window below it; t6 the second word of the gate; a5 the
/// thread, a6 its rights, a7 its calls. `calls` sets a7 to the calls of the callee, and `rights` adds to its rights in
/// t1. Changes t0, t1, a6 and a7.
macro_rules! commit {
    ($calls:literal, $rights:literal) => {
        concat!(
            "
        csrr t1, mepc
        addi t1, t1, 4 + 1
        sw t1, 0(t2)
        ",
            crate::fast_path::pieces::save!(),
            "
        // The frame, which the return uses. It is in the kernel's memory, out of reach for all threads.
        add t0, a5, a7
        sw t2, {frames}(t0)
        sw a6, {frames} + 4(t0)
        srli t1, t6, 8
        sb t1, {frames} + {frame_service}(t0)
        ",
            $calls,
            "
        sw a7, {calls}(a5)
        // The callee's rights: its process, and the window in granules.
        andi a6, t6, 0xff
        srli t1, ra, 4
        slli t1, t1, 16
        or t1, t1, a6
        ",
            $rights,
            "
        sw t1, {rights}(a5)
        "
        )
    };
}
pub(super) use commit;

macro_rules! call {
    () => {
        concat!(
            "
        .Lcall:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the number of the gate is arbitrary, but not negative (`forged_calls`).
        lw t4, 20(t3)
        bgeu a4, t4, .Lgive_up
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
        beqz t5, .Lgive_up
        // One comparison checks that a frame is left, that the thread holds no lease, and that its deadline has not
        // passed.
        li ra, {last_call}
        bltu ra, a7, .Lgive_up
        // The caller's context, where the callee's window ends: no caller's frame is in it (`memory`, `stacks`).
        // Attacker: the caller decides how full the stack is (`nested_calls`).
        andi t2, t0, -16
        addi t2, t2, -{context}
        lw t5, 0(a5)
        sub ra, t2, t5
        srli t1, ra, 20
        bnez t1, .Lgive_up
        // The gate's room is a code, which is negative, if the call needs more than a check of the stack.
        srai t1, t6, 16
        bltz t1, .Lcall_check
        addi t1, t1, {more_room}
        bltu ra, t1, .Lgive_up

        // --- All checks have passed: the call is made.
        .Lcall_enter:
        ",
            commit!("addi a7, a7, {frame}", ""),
            "
        .Lcall_open:
        sw t2, {highest}(sp)
        lw a5, 8(t4)
        lw t0, 12(t4)
        csrw mepc, a5
        mv t1, t2
        mv t4, a6
        ",
            crate::fast_path::pieces::open!(),
            "
        csrw mscratch, sp
        mv sp, t2
        mv a4, a3
        mv a3, a2
        mv a2, a1
        mv a1, a0
        mv a0, t0
        // Secret: the values that the caller and this code had in registers (`registers`).
        li gp, 0
        li tp, 0
        li s0, 0
        li s1, 0
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
        ",
            crate::exit::clear!(),
            "
        mret

        // --- The gate has a code instead of a room. It says that the core has to make the call, that the object admits
        // one call at a time, or that memory is lent. The window is checked against the room in the service's row,
        // which is at 36 times its index.
        .Lcall_check:
        addi t1, t1, {care}
        beqz t1, .Lgive_up
        srli t5, t6, 8
        andi t5, t5, 0xff
        slli t1, t5, 3
        add t5, t5, t1
        slli t5, t5, 2
        lw t1, {services}(t3)
        add t5, t5, t1
        lhu t1, {service_stack}(t5)
        addi t1, t1, {entry_size}
        bltu ra, t1, .Lgive_up
        // The gate's code, less the code of an exclusive object: below 0, memory is lent; at 0, the object is
        // exclusive.
        srai t1, t6, 16
        addi t1, t1, {exclusive}
        bltz t1, .Lcall_lend
        // If the lock is free, the thread takes it, and the return frees it.
        lbu t1, {service_lock}(t5)
        lw t5, {locks}(t3)
        add t5, t5, t1
        lbu t1, 0(t5)
        bnez t1, .Lgive_up
        lbu t1, {id}(a5)
        sb t1, 0(t5)
        add t5, a5, a7
        li t1, {locked}
        sb t1, {frames} + {frame_care}(t5)
        j .Lcall_enter
        "
        )
    };
}
pub(super) use call;
