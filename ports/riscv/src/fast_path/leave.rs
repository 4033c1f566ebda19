// SPDX-License-Identifier: MIT OR Apache-2.0
//! The return from a call, if its only duties are to free a lock or to close leases.
//!
//! In: the `Bounds` at sp; a0 to a2 the status and the results. The other registers are free, because the values that
//! the method left there are dead. Out: the thread continues after the call, in its caller's process.
//!
//! The stack pointer is not checked, because no register of the callee is saved.

macro_rules! leave {
    () => {
        concat!(
            "
        .Lreturn:
        lui t3, %hi({kernel})
        addi t3, t3, %lo({kernel})
        lw a5, 0(t3)
        // Attacker: the thread may return without a call, or twice from one call (`crashes`). Then the difference wraps
        // around to more than any number of frames. If the thread holds leases, the difference is greater than that,
        // too.
        lw a7, {calls}(a5)
        addi a7, a7, -{frame}
        li t1, {last_call}
        bltu t1, a7, .Lreturn_leases
        add t2, a5, a7
        // Attacker: the status is arbitrary. Any status but 0 takes the slow path.
        lbu t4, {frames} + {frame_care}(t2)
        or t1, t4, a0
        bnez t1, .Lreturn_care

        // --- The return has no duties.
        .Lreturn_leave:
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
            crate::fast_path::pieces::open!(),
            "
        // The caller's registers replace the values of the callee and of this code (`registers`). Their address comes
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
            "
        li a3, 0
        li a4, 0
        mret

        // --- The thread holds leases. If the caller holds none, the leases are closed.
        .Lreturn_leases:
        slli a7, a7, 1
        srli a7, a7, 1
        bltu t1, a7, .Lreturn_slow
        add t2, a5, a7
        lbu t4, {frames} + {frame_care}(t2)
        lbu t1, {frames} + {frame_leases}(t2)
        or t4, t4, t1
        or t4, t4, a0
        bnez t4, .Lreturn_slow
        sb zero, {leases_open}(t3)
        csrw pmpaddr8, zero
        csrw pmpaddr9, zero
        csrw pmpaddr10, zero
        csrw pmpaddr11, zero
        csrw pmpcfg2, zero
        j .Lreturn_leave

        // --- The call succeeded, and the return frees the lock of the object, if no thread waits for the lock.
        .Lreturn_care:
        bnez a0, .Lreturn_slow
        li t1, {locked}
        bne t4, t1, .Lreturn_slow
        lw t1, {waiters_of_thread}(a5)
        bnez t1, .Lreturn_slow
        lbu t5, {frames} + {frame_service}(t2)
        slli t1, t5, 3
        add t5, t5, t1
        slli t5, t5, 2
        lw t1, {services}(t3)
        add t5, t5, t1
        lbu t1, {service_lock}(t5)
        li t5, {no_lock}
        beq t1, t5, .Lreturn_slow
        lw t5, {locks}(t3)
        add t5, t5, t1
        sb zero, 0(t5)
        sb zero, {frames} + {frame_care}(t2)
        j .Lreturn_leave

        // --- The core makes the return.
        .Lreturn_slow:
        j {slow_return}
        "
        )
    };
}
pub(super) use leave;
