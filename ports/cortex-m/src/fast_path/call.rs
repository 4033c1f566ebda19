// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain call.
//!
//! In: r0 the stack pointer, r2 its distance from the lowest value that it may have, r12 the gate; lr the kernel. Out:
//! the thread is in the method, in the callee's process.

macro_rules! call {
    () => {
        concat!(
            "
        // The bounds include room for these registers.
        stmdb r0!, {{r4-r11}}
        // The first words of the kernel:
        // r3 the thread, r6 the processes that run, r7 the gates, r8 their number, r10 the regions of processes, r11
        // the protection unit.
        ldm lr, {{r3, r4, r5, r6, r7, r8, r10, r11}}
        // Attacker: the number of the gate is arbitrary, but not negative (`forged_calls`, `gate_attacks`). It is
        // compared before it is multiplied.
        cmp r12, r8
        bhs .Lcall_slow
        add r7, r7, r12, lsl #4
        ldm r7, {{r4, r5, r7, r9}} // the callers, owner and service and room, entry, object
        ldm r3, {{r1, r8, r12}} // the stack, the caller's rights, its calls
        // Rotates each set, so that bit 0 stands for the caller (the lowest byte of r8), or for the callee (the lowest
        // byte of r5).
        ror r4, r4, r8 // the caller may,
        rors r6, r5 // and the callee runs
        ands r4, r4, r6
        lsls r4, r4, #31
        beq .Lcall_slow
        // One comparison checks that a frame is left, that the thread holds no lease, and that its deadline has not
        // passed. A lease, or a deadline that has passed, sets a bit of r12 that makes it greater than any number of
        // frames.
        cmp r12, #{last_call}
        bhi .Lcall_slow
        // The window ends below the registers that were just saved, so no caller's frame is in it (`memory`, `stacks`).
        ",
            crate::protection::call_window!(),
            "
        // Attacker: the caller decides how full the stack is (`stacks`, `nested_calls`).
        cmp r6, r5, asr #16 // (a code instead of a room is negative: unsigned, it is larger than any window)
        blo .Lcall_check

        // --- All checks have passed: the call is made. If it lends memory, the carry is clear.
        .Lcall_enter:
        ",
            crate::protection::call_stack!(),
            "
        // The frame, which the return uses. It is in the kernel's memory, out of reach for all threads.
        ",
            crate::floats::branch_if_saved!("lr", ".Lcall_floats"),
            "
        add lr, r3, r12
        strd r0, r8, [lr, #{frames}]
        .Lcall_framed:
        add r12, r12, #{frame}
        uxtb r4, r5
        ",
            crate::protection::call_rights!(),
            "
        itt lo
        orrlo r8, r8, #{first_lease}
        orrlo r12, r12, #{holds_leases}
        lsrs r5, #8
        strb r5, [lr, #{frames} + {service}]
        strd r8, r12, [r3, #{rights}]
        // Closes the caller's memory and opens the callee's, by the same stores.
        add r8, r10, r4, lsl #5
        ldm r8, {{r3, r4, r5, r8, r10, r12}}
        stm r11, {{r1, r2, r3, r4, r5, r8, r10, r12}}
        dsb
        // Below the window's top: the frame that the CPU will load, then the fourth word. The words are those that the
        // CPU saved; the return address is 0, because a method ends by a system call.
        add r6, r1, r6
        sub r6, r6, #{stack_region} + {top_to_frame} - 16
        add r0, r0, #{saved}
        ldm r0, {{r10, r11, r12, lr}}
        movs r4, #0
        movs r5, #0
        bic r7, r7, #1
        mov r8, #{thumb}
        stm r6, {{r4, r5, r7, r8, lr}}
        stmdb r6!, {{r9, r10, r11, r12}}
        msr psp, r6
        // Secret: the values that the caller and this code had in registers (`registers`).
        adr r0, .Lzeroes
        ldm r0, {{r4-r11}}
        mvn lr, #2
        bx lr

        // --- The slow path of a call, with the registers as they were.
        .Lcall_slow:
        ldr r12, [r0, #{selector}]
        ldm r0, {{r4-r11}}
        .Lslow:
        b {slow}

        // --- Either the window has less room than the gate demands, or the gate has a code instead of a room. The code
        // says that the object admits one call at a time, that memory is lent, or that the core has to make the call.
        .Lcall_check:
        // The service's row is at 36 times its index. The window is checked against the room in this row, because the
        // gate may have only a code.
        ldr r11, [lr, #{services}]
        ubfx r10, r5, #8, #8
        add r10, r10, r10, lsl #3
        add r10, r11, r10, lsl #2
        ldrh r1, [r10, #{service_stack}]
        adds r1, #{entry_size}
        cmp r6, r1
        blo .Lcall_slow
        // The gate's code, less the code of an exclusive object: below 0, memory is lent; at 0, the object is
        // exclusive; above 0, only the core can make the call.
        asrs r1, r5, #16
        adds r1, #{exclusive}
        bmi .Lcall_lend
        bne .Lcall_slow
        // If the lock is free, the thread takes it, and the return frees it.
        ldrb r11, [r10, #{service_lock}]
        ldr r10, [lr, #{locks}]
        add r10, r10, r11
        ldrb r1, [r10]
        cmp r1, #0
        bne .Lcall_slow
        ldrb r1, [r3, #{id}]
        strb r1, [r10]
        add r10, r3, r12
        movs r1, #{locked}
        strb r1, [r10, #{frames} + {care}]
        .Lcall_reload:
        ldrd r10, r11, [lr, #{regions}]
        ldr r1, [r3]
        b .Lcall_enter
        "
        )
    };
}
pub(super) use call;
