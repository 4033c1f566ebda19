// SPDX-License-Identifier: MIT OR Apache-2.0
//! The return from a call, if its only duties are to free a lock or to close leases.
//!
//! In: r0 is the status, r1 and r2 are the results, all bits of r12 are 1. Out: the thread continues after the call, in
//! its caller's process.
//!
//! The stack pointer is not checked, because no register of the callee is saved: the callee's values in r4 to r11 are
//! not needed any more.

macro_rules! leave {
    () => {
        concat!(
            "
        .Lreturn:
        ldr r3, .Lkernel
        ldr r4, [r3]
        // Attacker: the thread may return without a call, or twice from one call (`crashes`). Then the difference wraps
        // around to more than any number of frames. If the thread holds leases, the difference is greater than that,
        // too.
        ldr r5, [r4, #{calls}]
        subs r5, #{frame}
        cmp r5, #{last_call} // the thread is in a call, and holds no leases
        bhi .Lreturn_leases
        adds r6, r4, r5
        // Attacker: the status is arbitrary (`gate_attacks`). Any status but 0 takes the slow path.
        ldrb r7, [r6, #{frames} + {care}]
        orrs r7, r0
        bne .Lreturn_care

        // --- The return has no duties.
        .Lreturn_leave:
        ldrd r6, r7, [r6, #{frames}] // the caller's registers, and its rights
        mvn lr, #2
        ",
            crate::floats::branch_if_marked!("r6", "r8", ".Lreturn_floats"),
            "
        .Lreturn_context:
        strd r7, r5, [r4, #{rights}]
        // The results go into the frame that the CPU pushed at the call. Its address comes from the kernel's own
        // memory.
        add r11, r6, #{saved}
        stm r11, {{r0, r1, r2}}
        // Closes the callee's memory and opens the caller's, by the same stores.
        ldrd r3, r8, [r3, #{regions}]
        uxtb r5, r7
        add r5, r3, r5, lsl #5
        ldr r0, [r4]
        ",
            crate::protection::stack_registers!("r1", "r0", "r7"),
            "
        ldm r5, {{r2-r7}}
        stm r8, {{r0-r7}}
        dsb
        // The caller's registers replace the values of the callee and of this code (`registers`).
        msr psp, r11
        ldmdb r11, {{r4-r11}}
        bx lr

        // --- The thread holds leases. If the caller holds none, the leases are closed, and the whole stack is in
        // bounds again.
        .Lreturn_leases:
        bic r5, r5, #{holds_leases}
        cmp r5, #{last_call}
        bhi .Lreturn_slow
        adds r6, r4, r5
        ldrb r7, [r6, #{frames} + {care}]
        orrs r7, r0
        bne .Lreturn_slow
        ldrb r7, [r6, #{frames} + {frame_leases}]
        cbnz r7, .Lreturn_slow
        // r0 is 0, the status of success. The same 0 closes a region.
        strb r0, [r3, #{leases_open}]
        ldrd r7, r8, [r4, #{bounds}]
        strd r7, r8, [sp]
        ",
            crate::protection::close_leases!(),
            "
        b .Lreturn_leave

        // --- The call succeeded, and the return frees the lock of the object, if no thread waits for the lock.
        .Lreturn_care:
        cbnz r0, .Lreturn_slow
        cmp r7, #{locked}
        bne .Lreturn_slow
        ldr r7, [r4, #{waiters_of_thread}]
        cbnz r7, .Lreturn_slow
        ldr r7, [r3, #{services}]
        ldrb r0, [r6, #{frames} + {service}]
        add r0, r0, r0, lsl #3
        add r7, r7, r0, lsl #2
        ldrb r0, [r7, #{service_lock}]
        cmp r0, #{no_lock}
        beq .Lreturn_reload
        ldr r7, [r3, #{locks}]
        add r7, r0
        movs r0, #0
        strb r0, [r7]
        strb r0, [r6, #{frames} + {care}]
        b .Lreturn_leave

        // --- The slow path of a return.
        .Lreturn_reload:
        movs r0, #0
        .Lreturn_slow:
        mvn r12, #0
        b {slow}
        "
        )
    };
}
pub(super) use leave;
