// SPDX-License-Identifier: MIT OR Apache-2.0
//! The return from a call, if there is nothing to do but to give back a lock, or to close leases.
//!
//! In: r0 the status, r1 and r2 results, r12 ones. Out: the thread is behind the call, in its caller's process.
//!
//! The stack pointer is not looked at, because nothing of the callee's is saved: what it has in r4 to r11 is nobody's.

macro_rules! leave {
    () => {
        "
        .Lreturn:
        ldr r3, .Lkernel
        ldr r4, [r3]
        // Attacker: returns without a call, or once more (`crashes`). Then the difference wraps, and is more than any
        // frame; so it is if leases are in force.
        ldr r5, [r4, #{calls}]
        subs r5, #{frame}
        cmp r5, #{last_call} // it is in a call, and nothing is lent to it
        bhi .Lreturn_leases
        adds r6, r4, r5
        // Attacker: the status is any (`gate_attacks`). Only 0 is plain.
        ldrb r7, [r6, #{frames} + {care}]
        orrs r7, r0
        bne .Lreturn_care

        // --- There is nothing to take care of: it returns.
        .Lreturn_leave:
        ldrd r6, r7, [r6, #{frames}] // where the caller's registers are, and its rights
        strd r7, r5, [r4, #{rights}]
        // Into what the CPU had pushed at the call. Where that is, the kernel's own memory says.
        add r11, r6, #{saved}
        stm r11, {{r0, r1, r2}}
        // Closes the callee's memory and opens the caller's, by the same stores.
        ldrd r3, r8, [r3, #{regions}]
        uxtb r5, r7
        add r5, r3, r5, lsl #5
        ldr r0, [r4]
        lsrs r1, r7, #16
        movt r1, #{stack_access}
        ldm r5, {{r2-r7}}
        stm r8, {{r0-r7}}
        dsb
        // The caller's registers, in place of what the callee and this code had there (`registers`).
        msr psp, r11
        ldmdb r11, {{r4-r11}}
        mvn lr, #2
        bx lr

        // --- Something is lent to it. If nothing is to its caller, the leases are closed, and all of the stack is
        // in bounds again.
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
        // r0 is 0: the status of success closes a region too.
        strb r0, [r3, #{leases_open}]
        ldrd r7, r8, [r4, #{bounds}]
        strd r7, r8, [sp]
        ldr r12, [r3, #{regions} + 4]
        movs r7, #{lease_region}
        strd r7, r0, [r12]
        adds r7, #1
        strd r7, r0, [r12, #8]
        b .Lreturn_leave

        // --- It succeeded, and gives back the lock of the object, if nobody waits for that.
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

        // --- The slow way of a return.
        .Lreturn_reload:
        movs r0, #0
        .Lreturn_slow:
        mvn r12, #0
        b {slow}
        "
    };
}
pub(super) use leave;
